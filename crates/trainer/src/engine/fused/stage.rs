use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use stepladder_kernels::{Frame, LANES, Lanes, PackedWeights};

use super::norm::Norm;
use crate::TrainError;
use crate::alloc::filled;
use crate::net::{Op, ParameterPlan, Plan, Shape};

/// What the engine does in one go: an operation of the plan, or a norm, a ReLU and a dropout that follow each other.
pub(super) struct Stage {
    /// What it reads, with the border that its padding asks for.
    pub input: Frame,
    /// What it makes, with the border that the next stage asks for.
    pub output: Frame,
    pub kind: Kind,
}

pub(super) enum Kind {
    Conv(Box<Conv>),
    /// A norm where there is one, a ReLU, and a dropout where there is one. `pooled`: a max pool over windows of 2 x 2
    /// comes next, and leaves its gradient to this one.
    Activate {
        norm: Option<Norm>,
        dropout: Option<Dropout>,
        pooled: bool,
    },
    /// A norm that no ReLU follows; `ones` stand where an activation's gradient would read what was cut.
    Normalise {
        norm: Norm,
        ones: Vec<Lanes>,
    },
    /// A dropout that no ReLU comes before.
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
    /// WeightSet of the net's dropouts, for its random stream.
    pub index: usize,
}

pub(super) struct Conv {
    pub weight: ParameterPlan,
    pub bias: Option<ParameterPlan>,
    pub kernel: usize,
    /// The gradient of what it makes, with the border that the gradient of its input asks for.
    pub gradient: Frame,
    /// What of that gradient the input had a part in: less than all where padding reaches beyond the kernel.
    pub cropped: Option<Frame>,
    packed: RwLock<Packed>,
}

/// The weights in the order that kernels read them, made anew for each step.
pub(super) struct Packed {
    pub forward: PackedWeights,
    /// For the gradient of the input, in learning; of the first stage nobody asks for it.
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

    /// Values a channel in what an image makes of it.
    pub fn pixels(&self) -> usize {
        self.output.height() * self.output.width()
    }
}

impl Conv {
    /// Takes in the weights of a step, or of an evaluation, which goes forward alone.
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

/// A frame of a shape that the plan has found to fit in memory.
pub(super) fn frame([channels, height, width]: Shape, border: usize) -> Result<Frame, TrainError> {
    Frame::new(channels, height, width, border).ok_or(TrainError::Memory { bytes: usize::MAX })
}

/// Gathers a plan's operations into stages.
pub(super) fn stages(plan: &Plan, learning: bool) -> Result<Vec<Stage>, TrainError> {
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
                let room = |packed: Option<PackedWeights>| {
                    packed.ok_or(TrainError::Memory { bytes: 4 * input * outputs * kernel * kernel })
                };
                let has_input_gradient = learning && !is_first;
                let packed = Packed {
                    forward: room(PackedWeights::new(outputs, input, kernel))?,
                    backward: has_input_gradient
                        .then(|| room(PackedWeights::new(input, outputs, kernel)))
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
        // A convolution writes no border, and wants its gradient with one: what neither pads nor reads it so goes by
        // way of a copy.
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
