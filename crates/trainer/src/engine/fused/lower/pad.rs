use super::{Program, Value};
use crate::engine::fused::ops::{Copy, Kind, Stage};
use crate::net::ValueId;

impl Program {
    /// Gives each value the border of zeros that its readers need, and its gradient the one that its maker needs. A value
    /// that is also read by a stage which can't skip a border is copied into one for the others.
    pub(super) fn pad(&mut self) {
        for index in 0..self.values.len() {
            let value = ValueId::at(index);
            let readers: Vec<usize> = self.readers(value).collect();
            let border_of = |&reader: &usize| self.stages[reader].kind.op().border();
            let border = readers.iter().map(border_of).max().unwrap_or(0);
            let padded = if border == 0 || readers.iter().all(|&i| self.stages[i].kind.op().skips_border()) {
                value
            } else {
                let padding: Vec<usize> =
                    readers.into_iter().filter(|reader| border_of(reader) > 0).collect();
                self.copy_for(value, &padding)
            };
            self.values[padded.index()].border = border;
        }
        for stage in &self.stages {
            if stage.inputs.iter().any(|input| self.values[input.index()].trained) {
                self.values[stage.output.index()].gradient_border = stage.kind.op().gradient_border();
            }
        }
    }

    /// Inserts a copy of a value before the first of some of its readers, and lets them read it instead.
    fn copy_for(&mut self, value: ValueId, readers: &[usize]) -> ValueId {
        let copy = ValueId::at(self.values.len());
        let Value { shape, trained, .. } = *self.value(value);
        self.values.push(Value::new(shape, trained));
        for &reader in readers {
            for input in &mut self.stages[reader].inputs {
                if *input == value {
                    *input = copy;
                }
            }
        }
        let stage = Stage { kind: Kind::Copy(Copy), inputs: vec![value], output: copy };
        self.stages.insert(readers[0], stage);
        copy
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{kinds, plan};
    use super::*;

    fn block(order: &str) -> String {
        format!(r#"{{"order": [{order}], "bias": false, "norm": "batch", "dropout": 0}}"#)
    }

    const USUAL: &str = r#""conv", "norm", "relu", "dropout""#;
    const LAST: &str = r#"{"kind": "conv", "channels": 2, "kernel": 5, "padding": 0, "bias": false}"#;

    #[test]
    fn values_have_the_border_of_their_readers_and_gradients_that_of_their_makers() {
        let body = r#"[
            {"kind": "block", "channels": 3, "kernel": 3, "padding": 1},
            {"kind": "conv", "channels": 3, "kernel": 5, "padding": 2, "bias": false},
            {"kind": "conv", "channels": 3, "kernel": 3, "padding": 1, "bias": false}
        ]"#;
        let program = Program::new(&plan(5, &block(USUAL), body, LAST), true).unwrap();
        assert_eq!(kinds(&program), ["conv", "norm + relu", "conv", "conv", "conv"]);
        let borders = |place: fn(&Program, ValueId) -> super::super::Place| {
            let outputs = program.stages.iter().map(|stage| stage.output);
            outputs.map(|value| place(&program, value).frame.border()).collect::<Vec<_>>()
        };
        assert_eq!(program.place(ValueId::IMAGES).frame.border(), 1);
        assert_eq!(borders(Program::place), [0, 2, 1, 0, 0]);
        // The gradient of the images is not needed, nor a border of the first convolution's.
        assert_eq!(borders(Program::gradient), [0, 0, 2, 1, 4]);
    }
}
