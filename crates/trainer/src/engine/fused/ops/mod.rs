//! The operations of stages, one file each: forward, backward, and the memory that they need.

mod activate;
mod add;
mod average_pool;
mod concat;
mod conv;
mod copy;
mod curve;
mod dropout;
mod max_pool;
mod normalise;
mod quantize;
mod scale;

use std::ops::Range;

use stepladder_kernels::{Frame, GradientSums, Isa, LANES, LaneBits, Lanes, Pixels, Planes, Statistics};

pub(super) use self::activate::Activate;
use self::add::Add;
use self::average_pool::AveragePool;
use self::concat::Concat;
use self::conv::Conv;
pub(super) use self::copy::{Copy, copy_planes};
use self::curve::Curve;
use self::dropout::Dropout;
use self::max_pool::MaxPool;
pub(super) use self::normalise::Normalise;
pub(super) use self::quantize::Quantize;
use self::scale::Scale;
use super::lower::{Place, Program};
use super::norm::{Norm, NormState};
use super::single::Layout;
use crate::TrainError;
use crate::net::{Node, Op, Plan, ValueId, Window};
use crate::random::Stream;

/// An operation that the engine runs in one pass, and the values that it reads and makes.
pub(super) struct Stage {
    pub kind: Kind,
    pub inputs: Vec<ValueId>,
    pub output: ValueId,
}

/// The kinds of operations, for rewrites.
pub(super) enum Kind {
    Conv(Conv),
    Activate(Activate),
    Normalise(Normalise),
    Dropout(Dropout),
    MaxPool(MaxPool),
    AveragePool(AveragePool),
    Curve(Curve),
    Add(Add),
    Concat(Concat),
    Scale(Scale),
    Copy(Copy),
    Quantize(Quantize),
}

/// Numbers that an operation keeps, apart from values and their gradients.
#[derive(Debug, Clone, std::marker::Copy, PartialEq, Eq, Default)]
pub(super) struct Size {
    /// Shared by all groups, in f32.
    pub shared: usize,
    /// Of each group, in f32.
    pub group: usize,
}

/// Inputs that all groups share in a pass.
pub(super) struct Pass<'a> {
    pub isa: Isa,
    pub program: &'a Program,
    pub parameters: &'a [f32],
    /// The stream of the epoch in training; `None` in evaluation, where no activation is dropped.
    pub dropout: Option<Stream>,
}

/// What a stage reads of a group.
pub(super) struct Reads<'a> {
    pub pass: &'a Pass<'a>,
    pub stage: &'a Stage,
    pub buffers: &'a [Pixels],
    /// In the backward pass, the lanes of each value of its input that [`Operation::forward_marking`] has marked.
    pub passing: &'a [LaneBits],
    /// How many lanes hold images.
    pub images: usize,
    /// The index of each image in its set.
    pub samples: &'a [u32; LANES],
}

/// A value of a group.
#[derive(Clone, std::marker::Copy)]
pub(super) struct View<'a> {
    pub pixels: &'a [Lanes],
    pub frame: Frame,
}

/// A value of a group, to be written; its border stays as it is.
pub(super) struct ViewMut<'a> {
    pub pixels: &'a mut [Lanes],
    pub frame: Frame,
}

/// What a stage reads of a single image.
pub(super) struct ImageReads<'a> {
    pub pass: &'a Pass<'a>,
    pub stage: &'a Stage,
    pub layout: &'a Layout,
    pub buffers: &'a [Pixels],
}

/// A value of a single image.
#[derive(Clone, std::marker::Copy)]
pub(super) struct PlanesView<'a> {
    pub registers: &'a [Lanes],
    pub planes: Planes,
}

/// A value of a single image, to be written without a border.
pub(super) struct PlanesMut<'a> {
    pub registers: &'a mut [Lanes],
    pub planes: Planes,
    /// The f32 of [`Operation::scratch`].
    pub scratch: &'a mut [f32],
}

/// A group's numbers of a stage, apart from values; those that its kind doesn't need are empty.
#[derive(Default)]
pub(super) struct Workspace {
    /// Of a norm.
    pub statistics: Vec<Statistics>,
    pub sums: Vec<GradientSums>,
    /// This group's share of the gradients of weights and bias.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    /// The lowest and the highest of its values, of a value that is rounded.
    pub range: [f32; 2],
}

/// Where the gradient of a range of parameters is found after a pass.
pub(super) struct Share {
    pub parameters: Range<usize>,
    pub source: Source,
}

#[derive(Clone, std::marker::Copy)]
pub(super) enum Source {
    /// A term of each group.
    Groups(fn(&Workspace) -> &[f32]),
    /// The whole of the batch, in the state of the stage's norm.
    Norm(fn(&NormState) -> &[f32]),
}

/// One kind of operation.
pub(super) trait Operation: Send + Sync {
    /// Returns the rows and columns of zeros that it reads around its inputs.
    fn border(&self) -> usize {
        0
    }

    /// Whether it can read inputs with a wider border than it needs.
    fn skips_border(&self) -> bool {
        true
    }

    /// Returns the rows and columns of zeros around the gradient of its output that the gradient of its input needs.
    fn gradient_border(&self) -> usize {
        0
    }

    /// Whether its backward pass reads its inputs.
    fn reads_inputs_backward(&self) -> bool {
        false
    }

    /// Whether its forward pass marks which gradients pass, for the backward pass.
    fn marks_passing(&self) -> bool {
        false
    }

    /// Returns where the gradients of its parameters are found.
    fn shares(&self) -> Vec<Share> {
        vec![]
    }

    fn has_parameters(&self) -> bool {
        false
    }

    /// Returns the numbers that [`allocate`](Self::allocate) and [`workspace`](Self::workspace) allocate.
    fn size(&self, _training: Training) -> Size {
        Size::default()
    }

    /// Allocates what all groups share.
    fn allocate(&mut self, _training: Training) -> Result<(), TrainError> {
        Ok(())
    }

    /// Allocates a group's numbers for training.
    fn workspace(&self) -> Result<Workspace, TrainError> {
        Ok(Workspace::default())
    }

    /// Brings parameters into the form that a pass reads; `running` are the statistics that an evaluation uses.
    fn prepare(&self, _parameters: &[f32], _running: Option<&[f32]>) {}

    /// Computes the output.
    fn forward(&self, reads: &Reads, to: ViewMut);

    /// Computes the output in a training pass, and marks the lanes of each value of its input whose gradient passes; only if
    /// [`marks_passing`](Self::marks_passing).
    fn forward_marking(&self, reads: &Reads, to: ViewMut, _passing: &mut [LaneBits]) {
        self.forward(reads, to);
    }

    /// Returns the multiply-adds for a value of its output, at least 1: an estimate of its time.
    fn multiply_adds(&self) -> usize {
        1
    }

    /// Returns the planes that it writes for a single image, without a border.
    fn planes(&self, _input: Planes, output: Frame) -> Planes {
        Planes::new(output)
    }

    /// Returns the f32 that it needs for a single image, values apart.
    ///
    /// # Errors
    ///
    /// [`TrainError::Memory`] if no memory could hold them.
    fn scratch(&self, _input: Frame, _output: Frame) -> Result<usize, TrainError> {
        Ok(0)
    }

    /// Computes the output for a single image in evaluation mode, to the bits of [`forward`](Self::forward).
    fn evaluate(&self, reads: &ImageReads, to: PlanesMut);

    /// Computes the statistics of a norm's input, or the range of values that are rounded.
    fn measure(&self, _reads: &Reads, _workspace: &mut Workspace) {}

    /// Computes the sums that a norm's gradient needs.
    fn sum(&self, _reads: &Reads, _workspace: &mut Workspace) {}

    /// Computes this group's share of the gradients of weights and bias.
    fn parameter_gradients(&self, _reads: &Reads, _workspace: &mut Workspace) {}

    /// Computes the gradient of an input, with the border that `to` has.
    fn input_gradient(&self, reads: &Reads, input: usize, to: ViewMut);
}

/// Returns the f32 that the bits of so many pixels need.
pub(super) const fn lane_bits_size(pixels: usize) -> usize {
    (pixels * size_of::<LaneBits>()).div_ceil(size_of::<f32>())
}

/// Whether a pass is for training, and how far its gradients go.
#[derive(Debug, Clone, std::marker::Copy, PartialEq, Eq)]
pub(super) enum Training {
    Off,
    /// The gradients of parameters alone: no stage before has any.
    Parameters,
    /// And of inputs.
    Inputs,
}

impl Kind {
    /// Returns the kind of a node; the plan's parameters are those that it reads.
    pub fn of(plan: &Plan, node: &Node) -> Self {
        let [channels, height, width] = plan.graph.shape(node.inputs[0]);
        match node.op {
            Op::Conv { weight, bias, window, groups } => {
                let range = |index: usize| plan.parameters[index].range.clone();
                let (channels, bias) = ([channels, node.shape[0]], bias.map(range));
                Self::Conv(Conv::new(channels, window, groups, range(weight), bias))
            }
            Op::BatchNorm { weight, bias, statistics, momentum, epsilon } => {
                let norm = Norm::new(plan, [weight, bias, statistics], height * width, momentum, epsilon);
                Self::Normalise(Normalise::new(norm))
            }
            Op::Activation(activation) => match Curve::of(activation) {
                None => Self::Activate(Activate { norm: None, dropout: None, pools: false }),
                Some(curve) => Self::Curve(curve),
            },
            Op::Sigmoid => Self::Curve(Curve::SIGMOID),
            Op::Dropout { probability, index } => Self::Dropout(Dropout { probability, index }),
            Op::MaxPool(window) => Self::MaxPool(MaxPool::new(window)),
            Op::AveragePool(window) => Self::AveragePool(AveragePool::new(window)),
            Op::GlobalAveragePool => {
                Self::AveragePool(AveragePool::new(Window { kernel: height, ..Window::PIXEL }))
            }
            Op::Flatten => Self::Copy(Copy),
            Op::Add => Self::Add(Add),
            Op::Concat => Self::Concat(Concat),
            Op::Scale => Self::Scale(Scale),
        }
    }

    pub fn op(&self) -> &dyn Operation {
        match self {
            Self::Conv(op) => op,
            Self::Activate(op) => op,
            Self::Normalise(op) => op,
            Self::Dropout(op) => op,
            Self::MaxPool(op) => op,
            Self::AveragePool(op) => op,
            Self::Curve(op) => op,
            Self::Add(op) => op,
            Self::Concat(op) => op,
            Self::Scale(op) => op,
            Self::Copy(op) => op,
            Self::Quantize(op) => op,
        }
    }

    pub fn op_mut(&mut self) -> &mut dyn Operation {
        match self {
            Self::Conv(op) => op,
            Self::Activate(op) => op,
            Self::Normalise(op) => op,
            Self::Dropout(op) => op,
            Self::MaxPool(op) => op,
            Self::AveragePool(op) => op,
            Self::Curve(op) => op,
            Self::Add(op) => op,
            Self::Concat(op) => op,
            Self::Scale(op) => op,
            Self::Copy(op) => op,
            Self::Quantize(op) => op,
        }
    }

    /// Returns its norm, whose statistics are reduced over all groups.
    pub fn norm(&self) -> Option<&Norm> {
        match self {
            Self::Activate(activate) => activate.norm.as_ref(),
            Self::Normalise(normalise) => Some(&normalise.norm),
            _ => None,
        }
    }
}

impl<'a> PlanesView<'a> {
    pub fn values(self) -> &'a [f32] {
        self.registers.as_flattened()
    }
}

impl<'a> ImageReads<'a> {
    /// Returns an input.
    pub fn input(&self, index: usize) -> PlanesView<'a> {
        let value = self.stage.inputs[index];
        let registers = &self.buffers[self.pass.program.place(value).buffer];
        PlanesView { registers, planes: self.layout.value(value) }
    }
}

impl<'a> Reads<'a> {
    /// Returns an input.
    pub fn input(&self, index: usize) -> View<'a> {
        self.view(self.pass.program.place(self.stage.inputs[index]))
    }

    /// Returns the gradient of the output, with its border.
    pub fn gradient(&self) -> View<'a> {
        self.view(self.pass.program.gradient(self.stage.output))
    }

    fn view(&self, Place { buffer, frame }: Place) -> View<'a> {
        View { pixels: &self.buffers[buffer], frame }
    }
}
