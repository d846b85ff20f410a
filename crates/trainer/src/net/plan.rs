use super::{BlockPart, LayerSpec, NetSpec, Norm};
use crate::TrainError;

/// Channels, height and width of one image's activations.
pub type Shape = [usize; 3];

/// What one operation computes. Indices point into [`Plan::parameters`] and [`Plan::statistics`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// A convolution of stride 1.
    Conv {
        /// Weights `[out, in, kernel, kernel]`.
        weight: usize,
        /// Bias `[out]`.
        bias: Option<usize>,
        /// Height and width of the kernel.
        kernel: usize,
        /// Zeros added on each side.
        padding: usize,
    },
    /// Batch normalisation over batch, height and width.
    BatchNorm {
        /// Scale `[channels]`.
        weight: usize,
        /// Shift `[channels]`.
        bias: usize,
        /// Running mean and variance `[channels]`.
        statistics: usize,
    },
    /// max(x, 0).
    Relu,
    /// Dropout of single activations, in training only.
    Dropout {
        /// The share dropped.
        probability: f64,
        /// Which of the net's dropouts, for its random stream.
        index: usize,
    },
    /// The largest value of each window; a rest at the border is left out.
    MaxPool {
        /// Height, width and stride of the window.
        kernel: usize,
    },
    /// The mean of each window; a rest at the border is left out.
    AveragePool {
        /// Height, width and stride of the window.
        kernel: usize,
    },
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
}

/// An operation in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedOp {
    /// Place of the layer it belongs to, such as `body.0`.
    pub layer: String,
    /// What it computes.
    pub op: Op,
    /// The shape it is given.
    pub input: Shape,
    /// The shape it makes.
    pub output: Shape,
}

/// A tensor that training learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterPlan {
    /// Its name in a model file, such as `body.0.conv.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// How it starts.
    pub init: Init,
}

impl ParameterPlan {
    /// Its shape as libtorch wants it.
    #[must_use]
    pub fn sizes(&self) -> Vec<i64> {
        self.shape.iter().map(|&n| n as i64).collect()
    }
}

/// How a parameter starts: PyTorch's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// Uniform within 1 / sqrt(fan in) of zero: what `nn.Conv2d` does to its weight (Kaiming with a gain of
    /// sqrt(1/3)) and to its bias.
    FanIn(usize),
    /// Ones: the scale of a norm.
    Ones,
    /// Zeros: the shift of a norm.
    Zeros,
}

/// The running mean and variance of a norm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticsPlan {
    /// Their prefix in a model file, such as `body.0.norm`.
    pub name: String,
    /// How many of each.
    pub channels: usize,
}

/// A net worked out: every operation with its shapes, every tensor with its name. Both engines follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The operations, in order.
    pub ops: Vec<PlannedOp>,
    /// The tensors that training learns.
    pub parameters: Vec<ParameterPlan>,
    /// The statistics that training keeps.
    pub statistics: Vec<StatisticsPlan>,
}

/// 2^28 parameters are 1 GiB; far beyond what this project is about, and safely within what can be allocated.
const MOST_PARAMETERS: u128 = 1 << 28;

impl Plan {
    /// Works a net out.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] for a value no net could have, [`TrainError::Shape`] for a layer that cannot take
    /// the shape it is given, or a net that does not end with one value a class.
    pub fn of(net: &NetSpec) -> Result<Self, TrainError> {
        net.check()?;
        let mut plan = Self { ops: vec![], parameters: vec![], statistics: vec![] };
        let mut shape = [net.channels, net.size, net.size];
        for (place, layer) in net.layers() {
            match *layer {
                LayerSpec::Block { channels, kernel, padding } => {
                    for part in &net.block.order {
                        shape = match part {
                            BlockPart::Conv => {
                                plan.conv(&place, shape, channels, kernel, padding, net.block.bias)?
                            }
                            BlockPart::Norm if net.block.norm == Norm::Batch => plan.norm(&place, shape),
                            BlockPart::Relu => plan.push(&place, Op::Relu, shape, shape),
                            BlockPart::Dropout if net.block.dropout > 0.0 => {
                                plan.dropout(&place, shape, net.block.dropout)
                            }
                            BlockPart::Norm | BlockPart::Dropout => shape, // switched off
                        };
                    }
                }
                LayerSpec::Conv { channels, kernel, padding, bias } => {
                    shape = plan.conv(&place, shape, channels, kernel, padding, bias)?;
                }
                LayerSpec::MaxPool { kernel } => {
                    shape = plan.pool(&place, "max pool", Op::MaxPool { kernel }, shape, kernel)?;
                }
                LayerSpec::AveragePool { kernel } => {
                    shape = plan.pool(&place, "average pool", Op::AveragePool { kernel }, shape, kernel)?;
                }
                LayerSpec::Flatten => {
                    let flat = [shape.iter().product(), 1, 1];
                    shape = plan.push(&place, Op::Flatten, shape, flat);
                }
            }
        }
        if plan.parameters.is_empty() {
            return Err(TrainError::setting("net.body", "at least one convolution", "none"));
        }
        if shape != [net.classes, 1, 1] {
            return Err(TrainError::Shape {
                layer: net.layers().last().map_or("head".into(), |(place, _)| place),
                operation: "the last of the net".into(),
                expected: format!("to leave one value a class, {} x 1 x 1", net.classes),
                got: shape,
            });
        }
        Ok(plan)
    }

    /// How many numbers training learns.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|p| p.shape.iter().product::<usize>()).sum()
    }

    /// The most activations that one image has after any operation.
    #[must_use]
    pub fn largest_activation(&self) -> usize {
        self.ops.iter().flat_map(|op| [op.input, op.output]).map(|s| s.iter().product()).max().unwrap_or(0)
    }

    fn push(&mut self, layer: &str, op: Op, input: Shape, output: Shape) -> Shape {
        self.ops.push(PlannedOp { layer: layer.to_owned(), op, input, output });
        output
    }

    fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> usize {
        self.parameters.push(ParameterPlan { name, shape, init });
        self.parameters.len() - 1
    }

    fn conv(
        &mut self,
        place: &str,
        input: Shape,
        channels: usize,
        kernel: usize,
        padding: usize,
        bias: bool,
    ) -> Result<Shape, TrainError> {
        let [from, height, width] = input;
        if height + 2 * padding < kernel || width + 2 * padding < kernel {
            let least = kernel.saturating_sub(2 * padding);
            return Err(TrainError::Shape {
                layer: place.to_owned(),
                operation: format!("conv {kernel}x{kernel}, padding {padding}, {from} to {channels}"),
                expected: format!("an image of at least {least} x {least} ({from} x {least} x {least})"),
                got: input,
            });
        }
        let fan_in = from * kernel * kernel;
        let total = self.parameter_count() as u128 + channels as u128 * fan_in as u128;
        if total > MOST_PARAMETERS {
            return Err(TrainError::setting(
                format!("net.{place}"),
                format!("a layer that keeps the net within {MOST_PARAMETERS} parameters"),
                format!("{total} parameters"),
            ));
        }
        let weight = self.parameter(
            format!("{place}.conv.weight"),
            vec![channels, from, kernel, kernel],
            Init::FanIn(fan_in),
        );
        let bias =
            bias.then(|| self.parameter(format!("{place}.conv.bias"), vec![channels], Init::FanIn(fan_in)));
        let output = [channels, height + 2 * padding - kernel + 1, width + 2 * padding - kernel + 1];
        Ok(self.push(place, Op::Conv { weight, bias, kernel, padding }, input, output))
    }

    fn norm(&mut self, place: &str, shape: Shape) -> Shape {
        let channels = shape[0];
        let weight = self.parameter(format!("{place}.norm.weight"), vec![channels], Init::Ones);
        let bias = self.parameter(format!("{place}.norm.bias"), vec![channels], Init::Zeros);
        self.statistics.push(StatisticsPlan { name: format!("{place}.norm"), channels });
        let statistics = self.statistics.len() - 1;
        self.push(place, Op::BatchNorm { weight, bias, statistics }, shape, shape)
    }

    fn dropout(&mut self, place: &str, shape: Shape, probability: f64) -> Shape {
        let index = self.ops.iter().filter(|op| matches!(op.op, Op::Dropout { .. })).count();
        self.push(place, Op::Dropout { probability, index }, shape, shape)
    }

    fn pool(
        &mut self,
        place: &str,
        operation: &str,
        op: Op,
        input: Shape,
        kernel: usize,
    ) -> Result<Shape, TrainError> {
        let [channels, height, width] = input;
        if height < kernel || width < kernel {
            return Err(TrainError::Shape {
                layer: place.to_owned(),
                operation: format!("{operation} {kernel}"),
                expected: format!(
                    "an image of at least {kernel} x {kernel} ({channels} x {kernel} x {kernel})"
                ),
                got: input,
            });
        }
        Ok(self.push(place, op, input, [channels, height / kernel, width / kernel]))
    }
}
