use stepladder_kernels::Frame;

use super::order::Buffer;
use super::{Part, Place, Program};
use crate::TrainError;

/// The time from the first part that touches a buffer's content to the last.
struct Life {
    content: Buffer,
    frame: Frame,
    first: usize,
    last: usize,
}

impl Program {
    /// Assigns memory by liveness: contents share a buffer if none is needed while another one is. A border of zeros is
    /// never written, so contents with one share buffers of their own frame only.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`] if no memory could hold one of the values.
    pub(super) fn allocate(&mut self) -> Result<(), TrainError> {
        // Of each buffer: the frame that it is kept for, and the last part that touches what it holds.
        let mut users: Vec<(Option<Frame>, usize)> = vec![];
        for Life { content, frame, first, last } in self.lives()? {
            let bordered = (frame.border() > 0).then_some(frame);
            let is_free = |&buffer: &usize| users[buffer].0 == bordered && users[buffer].1 < first;
            // The smallest that is large enough, else the largest, which grows.
            let fit = |&buffer: &usize| {
                let length = self.buffers[buffer];
                (frame.len().saturating_sub(length), length)
            };
            let buffer = (0..users.len()).filter(is_free).min_by_key(fit).unwrap_or_else(|| {
                users.push((bordered, 0));
                self.buffers.push(0);
                users.len() - 1
            });
            users[buffer].1 = last;
            self.buffers[buffer] = self.buffers[buffer].max(frame.len());
            let place = Some(Place { buffer, frame });
            match content {
                Buffer::Value(value) => self.values[value.index()].place = place,
                Buffer::Gradient(value) => self.values[value.index()].gradient = place,
                Buffer::Addend(value) => self.values[value.index()].addend = place,
            }
        }
        Ok(())
    }

    /// Returns the lives of all contents, by their begin.
    fn lives(&self) -> Result<Vec<Life>, TrainError> {
        let parts: Vec<Part> = if self.segments.is_empty() {
            std::iter::once(Part::Load).chain((0..self.stages.len()).map(Part::Forward)).collect()
        } else {
            self.segments.iter().flat_map(|segment| segment.parts.iter().copied()).collect()
        };
        let mut lives: Vec<Life> = vec![];
        let mut places = vec![[None; 3]; self.values.len()];
        for (time, &part) in parts.iter().enumerate() {
            for content in self.buffers_of(part) {
                let (value, kind) = match content {
                    Buffer::Value(value) => (value, 0),
                    Buffer::Gradient(value) => (value, 1),
                    Buffer::Addend(value) => (value, 2),
                };
                let place: &mut Option<usize> = &mut places[value.index()][kind];
                if let Some(place) = *place {
                    lives[place].last = time;
                    continue;
                }
                *place = Some(lives.len());
                let value = self.value(value);
                let border = if kind == 0 { value.border } else { value.gradient_border };
                let [channels, height, width] = value.shape;
                let frame = Frame::new(channels, height, width, border);
                let frame = frame.ok_or(TrainError::Memory { bytes: usize::MAX })?;
                lives.push(Life { content, frame, first: time, last: time });
            }
        }
        Ok(lives)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    const BLOCK: &str =
        r#"{"order": ["conv", "norm", "relu", "dropout"], "bias": true, "norm": "batch", "dropout": 0}"#;
    const BODY: &str = r#"[
        {"kind": "block", "channels": 3, "kernel": 3, "padding": 1},
        {"kind": "block", "channels": 3, "kernel": 3, "padding": 1},
        {"kind": "max-pool", "kernel": 2},
        {"kind": "block", "channels": 6, "kernel": 3, "padding": 1},
        {"kind": "average-pool", "kernel": 2},
        {"kind": "flatten"},
        {"kind": "block", "channels": 6, "kernel": 1, "padding": 1}
    ]"#;
    const LAST: &str = r#"{"kind": "conv", "channels": 2, "kernel": 3, "padding": 0, "bias": false}"#;

    /// Asserts that no content is overwritten before the last part that touches it, and no border by another frame.
    fn check(program: &Program) {
        let mut frames = vec![None; program.buffers.len()];
        let mut owners: Vec<Option<(Buffer, usize)>> = vec![None; program.buffers.len()];
        for life in program.lives().unwrap() {
            let place = match life.content {
                Buffer::Value(value) => program.place(value),
                Buffer::Gradient(value) => program.gradient(value),
                Buffer::Addend(value) => program.addend(value),
            };
            assert_eq!(place.frame, life.frame);
            assert!(program.buffers[place.buffer] >= life.frame.len());
            if let Some((owner, last)) = owners[place.buffer].replace((life.content, life.last)) {
                assert!(last < life.first, "{:?} overwrites {owner:?}", life.content);
            }
            let bordered = (life.frame.border() > 0).then_some(life.frame);
            assert_eq!(*frames[place.buffer].get_or_insert(bordered), bordered);
        }
    }

    #[test]
    fn no_value_is_overwritten_before_its_last_reader() {
        let plan = plan(8, BLOCK, BODY, LAST);
        let [training, evaluation] = [true, false].map(|training| Program::new(&plan, training).unwrap());
        check(&training);
        check(&evaluation);
        let pixels = |program: &Program| program.buffers.iter().sum::<usize>();
        assert!(pixels(&evaluation) < pixels(&training));
    }

    #[test]
    fn an_evaluation_of_a_plain_net_needs_two_buffers_and_one_for_each_border() {
        let body = r#"[
            {"kind": "block", "channels": 3, "kernel": 1, "padding": 0},
            {"kind": "block", "channels": 3, "kernel": 1, "padding": 0},
            {"kind": "block", "channels": 3, "kernel": 3, "padding": 1}
        ]"#;
        let last = r#"{"kind": "conv", "channels": 2, "kernel": 4, "padding": 0, "bias": false}"#;
        let program = Program::new(&plan(4, BLOCK, body, last), false).unwrap();
        assert_eq!(program.buffers, [3 * 4 * 4, 3 * 4 * 4, 3 * 6 * 6]);
    }

    #[test]
    fn before_a_pool_training_has_buffers_for_a_convolutions_output_and_its_gradient_alone() {
        let body = r#"[{"kind": "block", "channels": 4, "kernel": 1, "padding": 0}, {"kind": "max-pool", "kernel": 2}]"#;
        let last = r#"{"kind": "conv", "channels": 2, "kernel": 4, "padding": 0, "bias": false}"#;
        let program = Program::new(&plan(8, BLOCK, body, last), true).unwrap();
        assert_eq!(program.buffers.iter().filter(|&&pixels| pixels >= 4 * 8 * 8).count(), 2);
    }
}
