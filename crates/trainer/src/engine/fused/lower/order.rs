use super::Program;
use crate::engine::fused::ops::Kind;
use crate::net::ValueId;

/// Work that groups do independently, and the reduction over all groups that ends it.
#[derive(Debug, Default, PartialEq)]
pub(in super::super) struct Segment {
    pub parts: Vec<Part>,
    pub reduction: Option<Reduction>,
}

/// A part of a training pass over a single group, by the index of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Part {
    /// Puts the images into lanes.
    Load,
    /// The statistics of a norm's input, or the range of a value that is rounded.
    Measure(usize),
    Forward(usize),
    /// The loss and its gradient.
    Loss,
    /// The sums that a norm's gradient needs.
    Sum(usize),
    /// The gradients of a stage's parameters.
    Parameters(usize),
    /// The gradient of an input; `is_term` if it is added to that by a later reader of the same value.
    Gradient {
        stage: usize,
        input: usize,
        is_term: bool,
    },
}

/// A reduction over all groups by one thread, by the index of a norm's stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Reduction {
    Statistics(usize),
    Sums(usize),
}

impl Program {
    /// Orders the parts of a training pass. Norms end segments, since they need all groups.
    pub(super) fn order(&mut self) {
        let mut segments = vec![Segment { parts: vec![Part::Load], reduction: None }];
        let mut add = |parts: &[Part], reduction: Option<Reduction>| {
            if let Some(segment) = segments.last_mut() {
                segment.parts.extend(parts);
                segment.reduction = reduction;
            }
            if reduction.is_some() {
                segments.push(Segment::default());
            }
        };
        for (i, stage) in self.stages.iter().enumerate() {
            if stage.kind.norm().is_some() {
                add(&[Part::Measure(i)], Some(Reduction::Statistics(i)));
            }
            if matches!(stage.kind, Kind::Quantize(_)) {
                add(&[Part::Measure(i)], None);
            }
            add(&[Part::Forward(i)], None);
        }
        add(&[Part::Loss], None);
        let mut is_written = vec![false; self.values.len()];
        for (i, stage) in self.stages.iter().enumerate().rev() {
            if !self.value(stage.output).trained {
                continue;
            }
            if stage.kind.norm().is_some() {
                add(&[Part::Sum(i)], Some(Reduction::Sums(i)));
            }
            if stage.kind.op().has_parameters() && stage.kind.norm().is_none() {
                add(&[Part::Parameters(i)], None);
            }
            for (place, &input) in stage.inputs.iter().enumerate() {
                if self.value(input).trained {
                    let is_term = std::mem::replace(&mut is_written[input.index()], true);
                    add(&[Part::Gradient { stage: i, input: place, is_term }], None);
                }
            }
        }
        self.segments = segments;
    }

    /// Returns the segments that compute all running statistics, without loss and gradients.
    pub(in super::super) fn measuring_segments(&self) -> Vec<Segment> {
        let is_measure = |part: &Part| matches!(part, Part::Measure(_));
        let mut segments = vec![];
        for Segment { parts, reduction } in &self.segments {
            let forward = parts.iter().position(|part| *part == Part::Loss).unwrap_or(parts.len());
            let needed = parts[..forward].iter().rposition(is_measure).map_or(0, |last| last + 1);
            if forward == parts.len() {
                segments.push(Segment { parts: parts.clone(), reduction: *reduction });
                continue;
            }
            if needed > 0 {
                segments.push(Segment { parts: parts[..needed].to_vec(), reduction: None });
            }
            break;
        }
        segments
    }

    /// Returns the buffers that a part reads or writes.
    pub(super) fn buffers_of(&self, part: Part) -> Vec<Buffer> {
        let values = |list: &[ValueId]| list.iter().map(|&value| Buffer::Value(value)).collect::<Vec<_>>();
        match part {
            Part::Load => vec![Buffer::Value(ValueId::IMAGES)],
            Part::Measure(i) => values(&self.stages[i].inputs),
            Part::Forward(i) => [values(&self.stages[i].inputs), values(&[self.stages[i].output])].concat(),
            Part::Loss => vec![Buffer::Value(self.output), Buffer::Gradient(self.output)],
            Part::Sum(i) | Part::Parameters(i) => self.read_backward(i),
            Part::Gradient { stage, input, is_term } => {
                let input = self.stages[stage].inputs[input];
                let mut buffers = self.read_backward(stage);
                buffers.push(Buffer::Gradient(input));
                buffers.extend(is_term.then_some(Buffer::Addend(input)));
                buffers
            }
        }
    }

    fn read_backward(&self, stage: usize) -> Vec<Buffer> {
        let stage = &self.stages[stage];
        let mut buffers = vec![];
        if stage.kind.op().reads_inputs_backward() {
            buffers.extend(stage.inputs.iter().map(|&input| Buffer::Value(input)));
        }
        buffers.push(Buffer::Gradient(stage.output));
        buffers
    }
}

/// Memory of a group that a part reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Buffer {
    Value(ValueId),
    Gradient(ValueId),
    /// A further term of a gradient.
    Addend(ValueId),
}
