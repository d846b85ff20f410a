//! Lowers a graph to a program: stages in order, the buffers that they read and write, and the parts of a training pass.
//! Each rewrite has a file of its own.

mod allocate;
mod fuse;
mod order;
mod pad;
mod quantize;

use stepladder_kernels::Frame;

pub(super) use self::order::{Part, Reduction, Segment};
use super::ops::{Kind, Stage, Training};
use crate::TrainError;
use crate::net::{Plan, Shape, ValueId};

/// A net as the engine runs it.
pub(super) struct Program {
    /// In the order of the forward pass.
    pub stages: Vec<Stage>,
    values: Vec<Value>,
    pub output: ValueId,
    /// The parts of a training pass; empty for evaluation alone.
    pub segments: Vec<Segment>,
    /// The length in pixels of each buffer of a group.
    pub buffers: Vec<usize>,
}

/// A value, and its place in memory.
#[derive(Debug, Clone, Copy)]
struct Value {
    shape: Shape,
    /// Whether the gradient of a parameter depends on its gradient.
    trained: bool,
    /// Rows and columns of zeros around it, and around its gradient.
    border: usize,
    gradient_border: usize,
    /// `None` where no part reads or writes it.
    place: Option<Place>,
    gradient: Option<Place>,
    /// A further term of its gradient, before it is added.
    addend: Option<Place>,
}

/// A buffer of a group, with the geometry that it has at the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub buffer: usize,
    pub frame: Frame,
}

impl Program {
    /// Lowers a plan for training or for evaluation alone. Allocates no buffer.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`] if no memory could hold one of its values.
    pub fn new(plan: &Plan, training: bool) -> Result<Self, TrainError> {
        let mut program = Self::translate(plan);
        program.drop_last_flatten();
        if training {
            program.quantize(plan);
        }
        program.fuse_activations();
        program.fuse_dropouts();
        if training {
            program.fuse_pools(); // a single image's pool is a stage of its own
        }
        program.pad();
        if training {
            program.order();
        }
        program.allocate()?;
        Ok(program)
    }

    /// Makes a stage of each node.
    fn translate(plan: &Plan) -> Self {
        let graph = &plan.graph;
        let mut program = Self {
            stages: vec![],
            values: vec![],
            output: graph.output(),
            segments: vec![],
            buffers: vec![],
        };
        program.values.push(Value::new(graph.shape(ValueId::IMAGES), false));
        for (output, node) in graph.nodes() {
            let kind = Kind::of(plan, node);
            let trained =
                kind.op().has_parameters() || node.inputs.iter().any(|input| program.value(*input).trained);
            program.values.push(Value::new(node.shape, trained));
            program.stages.push(Stage { kind, inputs: node.inputs.clone(), output });
        }
        program
    }

    fn value(&self, value: ValueId) -> &Value {
        &self.values[value.index()]
    }

    /// Returns the stages that read a value, in order.
    fn readers(&self, value: ValueId) -> impl Iterator<Item = usize> + '_ {
        let reads = move |stage: &Stage| stage.inputs.contains(&value);
        self.stages.iter().enumerate().filter_map(move |(i, stage)| reads(stage).then_some(i))
    }

    /// Returns the only stage that reads a value; `None` if several do or it is the output.
    fn only_reader(&self, value: ValueId) -> Option<usize> {
        let mut readers = self.readers(value);
        let first = readers.next().filter(|_| value != self.output);
        first.filter(|_| readers.next().is_none())
    }

    /// Returns the place of a value.
    pub fn place(&self, value: ValueId) -> Place {
        self.value(value).place.expect("a value that a stage makes or reads")
    }

    /// Returns the place of a value's gradient.
    pub fn gradient(&self, value: ValueId) -> Place {
        self.value(value).gradient.expect("a value that is trained")
    }

    /// Returns the place of a further term of a value's gradient.
    pub fn addend(&self, value: ValueId) -> Place {
        self.value(value).addend.expect("a value that several stages read")
    }

    /// Returns how far a stage's gradients go.
    pub fn training(&self, stage: &Stage) -> Training {
        if self.segments.is_empty() || !self.value(stage.output).trained {
            Training::Off
        } else if stage.inputs.iter().any(|input| self.value(*input).trained) {
            Training::Inputs
        } else {
            Training::Parameters
        }
    }

    /// Returns the number of values that a stage marks by whether their gradient passes: those of its input, or none.
    pub fn marked_values(&self, stage: &Stage) -> usize {
        let marks = stage.kind.op().marks_passing() && self.training(stage) != Training::Off;
        if marks { self.place(stage.inputs[0]).frame.inner().len() } else { 0 }
    }

    /// Allocates what the stages share between groups.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`].
    pub fn allocate_shared(&mut self) -> Result<(), TrainError> {
        for i in 0..self.stages.len() {
            let training = self.training(&self.stages[i]);
            self.stages[i].kind.op_mut().allocate(training)?;
        }
        Ok(())
    }
}

impl Value {
    fn new(shape: Shape, trained: bool) -> Self {
        let (border, gradient_border) = (0, 0);
        Self { shape, trained, border, gradient_border, place: None, gradient: None, addend: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the plan of a net of gray images with two classes; its parts are JSON.
    pub(super) fn plan(size: usize, block: &str, body: &str, head: &str) -> Plan {
        let net = format!(
            r#"{{"channels": 1, "size": {size}, "classes": 2, "block": {block}, "body": {body}, "head": [{head}]}}"#
        );
        Plan::of(&serde_json::from_str(&net).unwrap()).unwrap()
    }

    /// Returns a name of each stage.
    pub(super) fn kinds(program: &Program) -> Vec<String> {
        let name = |stage: &Stage| match &stage.kind {
            Kind::Conv(_) => "conv".into(),
            Kind::Activate(activate) => {
                let norm = if activate.norm.is_some() { "norm + " } else { "" };
                let dropout = if activate.dropout.is_some() { " + dropout" } else { "" };
                let pool = if activate.pools { " + max pool" } else { "" };
                format!("{norm}relu{dropout}{pool}")
            }
            Kind::Normalise(_) => "norm".into(),
            Kind::Dropout(_) => "dropout".into(),
            Kind::MaxPool(_) => "max pool".into(),
            Kind::AveragePool(_) => "average pool".into(),
            Kind::Curve(_) => "curve".into(),
            Kind::Add(_) => "add".into(),
            Kind::Concat(_) => "concat".into(),
            Kind::Scale(_) => "scale".into(),
            Kind::Copy(_) => "copy".into(),
            Kind::Quantize(_) => "quantize".into(),
        };
        program.stages.iter().map(name).collect()
    }
}
