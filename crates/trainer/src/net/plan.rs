use std::ops::Range;

use super::graph::{Graph, Node, ValueId};
use super::op::{Op, Shape, Window};
use super::{BlockPart, BlockSpec, LayerSpec, NetSpec, Norm};
use crate::TrainError;

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

/// A net with inferred shapes: its graph, and every tensor with its name. Both engines follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Its computation.
    pub graph: Graph,
    /// The trainable tensors.
    pub parameters: Vec<ParameterPlan>,
    /// The running statistics of its norms.
    pub statistics: Vec<StatisticsPlan>,
    dropouts: usize,
}

/// 2^28 parameters are 1 GiB; far beyond what this project is about, and safely within what can be allocated.
const MOST_PARAMETERS: u128 = 1 << 28;

impl Plan {
    /// Infers the shapes of a net.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] for a value no net could have, [`TrainError::Shape`] for a layer that cannot take
    /// the shape it is given, or a net that does not end with one value a class.
    pub fn of(net: &NetSpec) -> Result<Self, TrainError> {
        net.check()?;
        let graph = Graph::new([net.channels, net.size, net.size]);
        let mut plan = Self { graph, parameters: vec![], statistics: vec![], dropouts: 0 };
        let mut value = ValueId::IMAGES;
        for (path, layer) in net.layers() {
            value = plan.layer(&net.block, &path, layer, value)?;
        }
        let shape = plan.graph.shape(value);
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

    /// Adds a layer's nodes, and returns their output.
    fn layer(
        &mut self,
        block: &BlockSpec,
        path: &str,
        layer: &LayerSpec,
        input: ValueId,
    ) -> Result<ValueId, TrainError> {
        let whole_windows = |kernel| Window { kernel, stride: kernel, padding: 0 };
        match *layer {
            LayerSpec::Block { channels, kernel, padding } => {
                let mut value = input;
                for part in &block.order {
                    value = match part {
                        BlockPart::Conv => self.conv(path, value, channels, kernel, padding, block.bias)?,
                        BlockPart::Norm if block.norm == Norm::Batch => self.norm(path, value),
                        BlockPart::Relu => self.push(path, Op::Relu, value, self.graph.shape(value)),
                        BlockPart::Dropout if block.dropout > 0.0 => self.dropout(path, value, block.dropout),
                        BlockPart::Norm | BlockPart::Dropout => value, // switched off
                    };
                }
                Ok(value)
            }
            LayerSpec::Conv { channels, kernel, padding, bias } => {
                self.conv(path, input, channels, kernel, padding, bias)
            }
            LayerSpec::MaxPool { kernel } => {
                let window = whole_windows(kernel);
                self.pool(path, "max pool", Op::MaxPool(window), input, window)
            }
            LayerSpec::AveragePool { kernel } => {
                let window = whole_windows(kernel);
                self.pool(path, "average pool", Op::AveragePool(window), input, window)
            }
            LayerSpec::Flatten => {
                // Below 2^60 for any shape there can be.
                let flat = [self.graph.shape(input).iter().product(), 1, 1];
                Ok(self.push(path, Op::Flatten, input, flat))
            }
        }
    }

    fn push(&mut self, layer: &str, op: Op, input: ValueId, shape: Shape) -> ValueId {
        self.graph.push(Node { layer: layer.to_owned(), op, inputs: vec![input], shape })
    }

    fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> usize {
        let start = self.parameter_count();
        let range = start..start + shape.iter().product::<usize>();
        self.parameters.push(ParameterPlan { name, shape, range, init });
        self.parameters.len() - 1
    }

    fn conv(
        &mut self,
        path: &str,
        input: ValueId,
        channels: usize,
        kernel: usize,
        padding: usize,
        bias: bool,
    ) -> Result<ValueId, TrainError> {
        let window = Window { kernel, stride: 1, padding };
        let [from, height, width] = self.graph.shape(input);
        let Some((height, width)) = window.count(height).zip(window.count(width)) else {
            let least = kernel.saturating_sub(2 * padding);
            return Err(TrainError::Shape {
                layer: path.to_owned(),
                operation: format!("conv {kernel}x{kernel}, padding {padding}, {from} to {channels}"),
                expected: format!("an image of at least {least} x {least} ({from} x {least} x {least})"),
                got: [from, height, width],
            });
        };
        let fan_in = from as u128 * (kernel * kernel) as u128;
        let total = self.parameter_count() as u128 + channels as u128 * fan_in;
        if total > MOST_PARAMETERS {
            return Err(TrainError::setting(
                format!("net.{path}"),
                format!("a layer that keeps the net within {MOST_PARAMETERS} parameters"),
                format!("{total} parameters"),
            ));
        }
        let init = Init::FanIn(fan_in as usize); // at most 2^28
        let weight =
            self.parameter(format!("{path}.conv.weight"), vec![channels, from, kernel, kernel], init);
        let bias = bias.then(|| self.parameter(format!("{path}.conv.bias"), vec![channels], init));
        Ok(self.push(path, Op::Conv { weight, bias, window }, input, [channels, height, width]))
    }

    fn norm(&mut self, path: &str, input: ValueId) -> ValueId {
        let shape = self.graph.shape(input);
        let channels = shape[0];
        let weight = self.parameter(format!("{path}.norm.weight"), vec![channels], Init::Ones);
        let bias = self.parameter(format!("{path}.norm.bias"), vec![channels], Init::Zeros);
        let start = self.statistics_count();
        let (mean, variance) = (start..start + channels, start + channels..start + 2 * channels);
        self.statistics.push(StatisticsPlan { name: format!("{path}.norm"), mean, variance });
        let statistics = self.statistics.len() - 1;
        self.push(path, Op::BatchNorm { weight, bias, statistics }, input, shape)
    }

    fn dropout(&mut self, path: &str, input: ValueId, probability: f64) -> ValueId {
        let index = self.dropouts;
        self.dropouts += 1;
        self.push(path, Op::Dropout { probability, index }, input, self.graph.shape(input))
    }

    fn pool(
        &mut self,
        path: &str,
        operation: &str,
        op: Op,
        input: ValueId,
        window: Window,
    ) -> Result<ValueId, TrainError> {
        let kernel = window.kernel;
        let [channels, height, width] = self.graph.shape(input);
        let Some((rows, columns)) = window.count(height).zip(window.count(width)) else {
            return Err(TrainError::Shape {
                layer: path.to_owned(),
                operation: format!("{operation} {kernel}"),
                expected: format!(
                    "an image of at least {kernel} x {kernel} ({channels} x {kernel} x {kernel})"
                ),
                got: [channels, height, width],
            });
        };
        Ok(self.push(path, op, input, [channels, rows, columns]))
    }
}
