use std::ops::Range;

use super::build;
use super::graph::{Graph, ValueId};
use super::quantize::Quantize;
use super::spec::NetSpec;
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

impl ParameterPlan {
    /// Returns whether it is the weight of a convolution or a linear layer: neither a bias nor of a norm.
    #[must_use]
    pub fn is_weight(&self) -> bool {
        self.shape.len() > 1
    }
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

/// The running range of a value that is rounded to a byte in training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangePlan {
    /// Its name in a model file, such as `ranges.3` for the output of the third operation.
    pub name: String,
    /// The places of its lowest and its highest number in [`Weights::statistics`](super::Weights::statistics).
    pub range: Range<usize>,
}

/// A net with inferred shapes: its graph, and every tensor with its name. Both engines follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Its computation.
    pub graph: Graph,
    /// Its layers, each before those within it; a repeated one is listed once.
    pub layers: Vec<LayerPlan>,
    /// The trainable tensors.
    pub parameters: Vec<ParameterPlan>,
    /// The running statistics of its norms.
    pub statistics: Vec<StatisticsPlan>,
    /// The running ranges of its values, where it is trained for whole numbers.
    pub ranges: Vec<RangePlan>,
    /// The whole numbers that it is trained for, if any.
    pub quantize: Option<Quantize>,
}

/// A layer of a net.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerPlan {
    /// Its path, such as `body.0`.
    pub path: String,
    /// Its kind where it has others within it or several operations of its own, such as `residual`; else empty.
    pub kind: &'static str,
    /// How many layers it is within.
    pub depth: usize,
    /// The value that it reads.
    pub input: ValueId,
    /// The value that it makes.
    pub output: ValueId,
}

impl Plan {
    /// Infers the shapes of a net.
    ///
    /// # Errors
    ///
    /// [`TrainError::Setting`] for a value no net could have, [`TrainError::Shape`] for a layer that cannot take
    /// the shape it is given, or a net that does not end with one value a class.
    pub fn of(net: &NetSpec) -> Result<Self, TrainError> {
        build::plan(net)
    }

    /// Returns the number of parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.last().map_or(0, |last| last.range.end)
    }

    /// Returns the number of running statistics, ranges among them.
    #[must_use]
    pub fn statistics_count(&self) -> usize {
        let of_norms = self.statistics.last().map_or(0, |last| last.variance.end);
        self.ranges.last().map_or(of_norms, |last| last.range.end)
    }

    /// Adds a parameter, and returns its index.
    pub(super) fn parameter(&mut self, name: String, shape: Vec<usize>, init: Init) -> usize {
        let start = self.parameter_count();
        let range = start..start + shape.iter().product::<usize>();
        self.parameters.push(ParameterPlan { name, shape, range, init });
        self.parameters.len() - 1
    }
}
