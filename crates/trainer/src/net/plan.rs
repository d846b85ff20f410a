use std::ops::Range;

use super::{BlockPart, LayerSpec, NetSpec, Norm};
use crate::TrainError;

/// Channels, height and width of one image's activations.
pub type Shape = [usize; 3];

/// The computation of one operation. Indices point into [`Plan::parameters`] and [`Plan::statistics`].
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
        /// Index among the net's dropouts, for its random stream.
        index: usize,
    },
    /// The largest value of each window; rows and columns that fill no window are left out.
    MaxPool {
        /// Height, width and stride of the window.
        kernel: usize,
    },
    /// The mean of each window; rows and columns that fill no window are left out.
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
    /// Its computation.
    pub op: Op,
    /// The shape of its input.
    pub input: Shape,
    /// The shape of its output.
    pub output: Shape,
}

/// A trainable tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterPlan {
    /// Its name in a model file, such as `body.0.conv.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its range in [`Weights::parameters`](super::Weights::parameters).
    pub range: Range<usize>,
    /// Its initialisation.
    pub init: Init,
}

/// The initialisation of a parameter: PyTorch's defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// Uniform within 1 / sqrt(fan in) of zero, as `nn.Conv2d` initialises its weight (Kaiming with a gain of
    /// sqrt(1/3)) and its bias.
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
    /// The range of the means in [`Weights::statistics`](super::Weights::statistics), one a channel.
    pub mean: Range<usize>,
    /// The range of the variances there.
    pub variance: Range<usize>,
}

/// A net with inferred shapes: every operation with its shapes, every tensor with its name. Both engines follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The operations, in order.
    pub ops: Vec<PlannedOp>,
    /// The trainable tensors.
    pub parameters: Vec<ParameterPlan>,
    /// The running statistics of its norms.
    pub statistics: Vec<StatisticsPlan>,
    dropouts: usize,
}

/// 2^28 parameters are 1 GiB; far beyond what this project is about, and safely within what can be allocated.
const MOST_PARAMETERS: u128 = 1 << 28;

/// The most memory of a run or a model, in bytes: 16 GiB.
const MOST_BYTES: u128 = 16 << 30;

/// Images of a group, which are always computed together.
const GROUP: u128 = 16;

impl Plan {
    /// Infers the shapes of a net.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] for a value no net could have, [`TrainError::Shape`] for a layer that cannot take
    /// the shape it is given, or a net that does not end with one value a class.
    pub fn of(net: &NetSpec) -> Result<Self, TrainError> {
        net.check()?;
        let mut plan = Self { ops: vec![], parameters: vec![], statistics: vec![], dropouts: 0 };
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
                    let flat = [shape.iter().product(), 1, 1]; // below 2^60 for any shape there can be
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

    /// Returns the number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.last().map_or(0, |last| last.range.end)
    }

    /// Returns the number of running statistics.
    #[must_use]
    pub fn statistics_count(&self) -> usize {
        self.statistics.last().map_or(0, |last| last.variance.end)
    }

    /// Checks that training with a batch size stays within the memory that a run may have.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] with the largest batch size that is allowed, or naming the net if 16 images are too many.
    pub fn check_training(&self, batch_size: usize) -> Result<(), TrainError> {
        // Weights, velocities and averages, gradients, and the order that kernels read weights in, both ways.
        let shared = 6 * self.parameter_count() as u128;
        let group = GROUP * self.values_per_image(true) + self.parameter_count() as u128;
        let most = (MOST_BYTES / 4).saturating_sub(shared) / group * GROUP;
        if batch_size as u128 <= most {
            return Ok(());
        }
        if most == 0 {
            return Err(self.too_large(shared + group));
        }
        let expected = format!("at most {most} for this net, which is what fits 16 GiB");
        Err(TrainError::setting("batchSize", expected, batch_size))
    }

    /// Checks that evaluating 16 images stays within the memory that a run may have.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] naming the net.
    pub fn check_evaluation(&self) -> Result<(), TrainError> {
        let values = self.evaluation_values();
        if values <= MOST_BYTES / 4 { Ok(()) } else { Err(self.too_large(values)) }
    }

    /// Returns an upper bound of the memory of an evaluation, in bytes.
    pub(crate) fn evaluation_bytes(&self) -> u64 {
        u64::try_from(4 * self.evaluation_values()).unwrap_or(u64::MAX)
    }

    fn evaluation_values(&self) -> u128 {
        3 * self.parameter_count() as u128 + GROUP * self.values_per_image(false)
    }

    fn too_large(&self, values: u128) -> TrainError {
        let needs = format!("one that needs {} GiB", (values * 4) >> 30);
        TrainError::setting("net", "a net that fits 16 GiB with 16 images", needs)
    }

    /// Returns an upper bound of the numbers that an engine holds for one image: each operation's output, with the border
    /// of the next convolution's padding, and in training its gradient, with the border that the backward pass needs.
    fn values_per_image(&self, training: bool) -> u128 {
        let values = |[channels, height, width]: Shape, border: usize| {
            channels as u128 * (height + 2 * border) as u128 * (width + 2 * border) as u128
        };
        let mut sum = 0;
        let mut largest = 0;
        for planned in &self.ops {
            let (padding, back) = match planned.op {
                Op::Conv { kernel, padding, .. } => (padding, kernel - 1),
                _ => (0, 0),
            };
            // A copy into the border may come before a convolution, and one after it.
            sum += values(planned.input, padding) + 2 * values(planned.output, 0);
            if training {
                sum += values(planned.output, back);
            }
            largest = largest.max(values(planned.input, 0)).max(values(planned.output, 0));
        }
        sum + if training { 2 * largest } else { 0 }
    }

    fn push(&mut self, layer: &str, op: Op, input: Shape, output: Shape) -> Shape {
        self.ops.push(PlannedOp { layer: layer.to_owned(), op, input, output });
        output
    }

    fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> usize {
        let start = self.parameter_count();
        let range = start..start + shape.iter().product::<usize>();
        self.parameters.push(ParameterPlan { name, shape, range, init });
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
        let fan_in = from as u128 * (kernel * kernel) as u128;
        let total = self.parameter_count() as u128 + channels as u128 * fan_in;
        if total > MOST_PARAMETERS {
            return Err(TrainError::setting(
                format!("net.{place}"),
                format!("a layer that keeps the net within {MOST_PARAMETERS} parameters"),
                format!("{total} parameters"),
            ));
        }
        let fan_in = fan_in as usize; // at most 2^28
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
        let start = self.statistics_count();
        let (mean, variance) = (start..start + channels, start + channels..start + 2 * channels);
        self.statistics.push(StatisticsPlan { name: format!("{place}.norm"), mean, variance });
        let statistics = self.statistics.len() - 1;
        self.push(place, Op::BatchNorm { weight, bias, statistics }, shape, shape)
    }

    fn dropout(&mut self, place: &str, shape: Shape, probability: f64) -> Shape {
        let index = self.dropouts;
        self.dropouts += 1;
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
