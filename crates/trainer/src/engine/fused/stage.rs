use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use stepladder_kernels::{Frame, LANES, Lanes, PackedWeights};

use super::norm::Norm;
use crate::TrainError;
use crate::alloc::filled;
use crate::net::{Op, ParameterPlan, Plan, Shape};

/// An operation that the engine runs in one pass: one of the plan's, or a norm, a ReLU and a dropout in a row.
pub(super) struct Stage {
    /// The frame of its input, with the border that its padding needs.
    pub input: Frame,
    /// The frame of its output, with the border that the next stage needs.
    pub output: Frame,
    pub kind: Kind,
}

pub(super) enum Kind {
    Conv(Box<Conv>),
    /// An optional norm, a ReLU, and an optional dropout. `pooled`: a max pool over windows of 2 x 2 comes next, whose
    /// gradient this stage computes.
    Activate {
        norm: Option<Norm>,
        dropout: Option<Dropout>,
        pooled: bool,
    },
    /// A norm that no ReLU follows; `ones` replaces the activated values, by which a gradient knows what the ReLU cut.
    Normalise {
        norm: Norm,
        ones: Vec<Lanes>,
    },
    /// A dropout that follows no ReLU.
    Dropout(Dropout),
    MaxPool {
        kernel: usize,
    },
    AveragePool {
        kernel: usize,
    },
    /// The same numbers in another frame: a border where the next convolution pads, or none after one; flattened.
    Copy,
}

#[derive(Clone, Copy)]
pub(super) struct Dropout {
    pub probability: f64,
    /// Index among the net's dropouts, for its random stream.
    pub index: usize,
}

pub(super) struct Conv {
    pub weight: ParameterPlan,
    pub bias: Option<ParameterPlan>,
    pub kernel: usize,
    /// The frame of its output's gradient, with the border that the gradient of its input needs.
    pub gradient: Frame,
    /// The part of that gradient that depends on the input: less than all if padding reaches beyond the kernel.
    pub cropped: Option<Frame>,
    packed: RwLock<Packed>,
}

/// The weights in the order that kernels read them, packed again for each step.
pub(super) struct Packed {
    pub forward: PackedWeights,
    /// For the gradient of the input, in training; not needed for the first stage.
    pub backward: Option<PackedWeights>,
}

impl Stage {
    pub fn conv(&self) -> Option<&Conv> {
        match &self.kind {
            Kind::Conv(conv) => Some(conv),
            _ => None,
        }
    }

    pub fn norm(&self) -> Option<&Norm> {
        match &self.kind {
            Kind::Activate { norm, .. } => norm.as_ref(),
            Kind::Normalise { norm, .. } => Some(norm),
            _ => None,
        }
    }

    /// Returns the output values per channel of an image.
    pub fn pixels(&self) -> usize {
        self.output.height() * self.output.width()
    }
}

impl Conv {
    /// Packs the weights, for the forward pass alone or for both.
    pub fn pack(&self, parameters: &[f32], backward_too: bool) {
        let weights = &parameters[self.weight.range.clone()];
        let mut packed = self.packed.write().unwrap_or_else(PoisonError::into_inner);
        packed.forward.pack(weights);
        if let Some(backward) = packed.backward.as_mut().filter(|_| backward_too) {
            backward.pack_transposed(weights);
        }
    }

    pub fn packed(&self) -> RwLockReadGuard<'_, Packed> {
        self.packed.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the frame of a shape that the plan has checked to fit in memory.
pub(super) fn frame([channels, height, width]: Shape, border: usize) -> Result<Frame, TrainError> {
    Frame::new(channels, height, width, border).ok_or(TrainError::Memory { bytes: usize::MAX })
}

/// Gathers a plan's operations into stages.
pub(super) fn stages(plan: &Plan, training: bool) -> Result<Vec<Stage>, TrainError> {
    let mut stages: Vec<Stage> = vec![];
    let mut ops = plan.ops.iter().peekable();
    while let Some(planned) = ops.next() {
        let is_first = stages.is_empty();
        let mut padded_by = 0;
        let mut output = planned.output;
        let kind = match planned.op {
            Op::Conv { weight, bias, kernel, padding } => {
                padded_by = padding;
                let ([input, ..], [outputs, height, width]) = (planned.input, planned.output);
                let allocated = |packed: Option<PackedWeights>| {
                    packed.ok_or(TrainError::Memory { bytes: 4 * input * outputs * kernel * kernel })
                };
                let has_input_gradient = training && !is_first;
                let packed = Packed {
                    forward: allocated(PackedWeights::new(outputs, input, kernel))?,
                    backward: has_input_gradient
                        .then(|| allocated(PackedWeights::new(input, outputs, kernel)))
                        .transpose()?,
                };
                let beyond = (padding + 1).saturating_sub(kernel);
                Kind::Conv(Box::new(Conv {
                    weight: plan.parameters[weight].clone(),
                    bias: bias.map(|bias| plan.parameters[bias].clone()),
                    kernel,
                    gradient: frame(planned.output, (kernel - 1).saturating_sub(padding))?,
                    cropped: (beyond > 0 && has_input_gradient)
                        .then(|| frame([outputs, height - 2 * beyond, width - 2 * beyond], 0))
                        .transpose()?,
                    packed: RwLock::new(packed),
                }))
            }
            Op::BatchNorm { weight, bias, statistics } => {
                let norm = Norm::new(plan, weight, bias, statistics);
                if ops.next_if(|next| next.op == Op::Relu).is_some() {
                    Kind::Activate { norm: Some(norm), dropout: None, pooled: false }
                } else {
                    let ones = filled(planned.output.iter().product(), [1.0; LANES])?;
                    Kind::Normalise { norm, ones }
                }
            }
            Op::Relu => Kind::Activate { norm: None, dropout: None, pooled: false },
            Op::Dropout { probability, index } => Kind::Dropout(Dropout { probability, index }),
            Op::MaxPool { kernel } => Kind::MaxPool { kernel },
            Op::AveragePool { kernel } => Kind::AveragePool { kernel },
            Op::Flatten if ops.peek().is_none() => continue, // the order in memory is the same
            Op::Flatten => Kind::Copy,
        };
        let kind = match (kind, ops.peek().map(|next| &next.op)) {
            (Kind::Activate { norm, .. }, Some(&Op::Dropout { probability, index })) => {
                output = ops.next().map_or(output, |dropout| dropout.output);
                Kind::Activate { norm, dropout: Some(Dropout { probability, index }), pooled: false }
            }
            (kind, _) => kind,
        };
        // A convolution writes no border, and needs its gradient with one: stages that can't write such a gradient get a
        // copy in between.
        let follows_conv = stages.last().is_some_and(|stage| stage.conv().is_some());
        let takes_conv =
            matches!(kind, Kind::Activate { .. } | Kind::Normalise { .. } | Kind::Dropout(_) | Kind::Copy);
        if follows_conv && !takes_conv {
            let plain = frame(planned.input, 0)?;
            stages.push(Stage { input: plain, output: plain, kind: Kind::Copy });
        }
        if let (Kind::MaxPool { kernel: 2 }, Some(Stage { kind: Kind::Activate { pooled, .. }, .. })) =
            (&kind, stages.last_mut())
        {
            *pooled = true;
        }
        let input = frame(planned.input, padded_by)?;
        if let Some(before) = stages.last_mut().filter(|_| padded_by > 0) {
            before.output =
                before.output.with_border(padded_by).ok_or(TrainError::Memory { bytes: usize::MAX })?;
        }
        stages.push(Stage { input, output: frame(output, 0)?, kind });
    }
    Ok(stages)
}
