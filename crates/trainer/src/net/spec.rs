use std::fmt::{self, Formatter};
use std::ops::RangeInclusive;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::TrainError;
use crate::config::{Range, number, whole};

/// A net as data: read from a step, saved in a model file, and built by an engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetSpec {
    /// Channels of the images.
    pub channels: usize,
    /// Height and width of the images, in pixels.
    pub size: usize,
    /// Number of classes.
    pub classes: usize,
    /// The parts of every block.
    pub block: BlockSpec,
    /// The layers that extract features.
    pub body: Vec<LayerSpec>,
    /// The layers that map features to classes.
    pub head: Vec<LayerSpec>,
}

/// The parts of every block, and their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockSpec {
    /// The order of a block's parts. Each appears once; `norm` and `dropout` have no effect when off.
    pub order: Vec<BlockPart>,
    /// Whether its convolution adds a bias.
    pub bias: bool,
    /// The kind of its normalisation.
    pub norm: Norm,
    /// The share of activations dropped in training, in `[0, 1)`; the rest are scaled up to make up for them.
    pub dropout: f64,
    /// The activation function; ReLU if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The share of a batch in the norm's running statistics; 0.1 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norm_momentum: Option<f64>,
    /// The number added to a variance before its root is taken; 1e-5 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub norm_epsilon: Option<f64>,
}

/// A part of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockPart {
    /// The convolution.
    Conv,
    /// The normalisation, if any.
    Norm,
    /// The activation function, whichever it is.
    Relu,
    /// The dropout, if any.
    Dropout,
}

/// The kind of a block's normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// None.
    None,
    /// Batch normalisation (Ioffe and Szegedy 2015).
    Batch,
}

/// An activation function, as PyTorch defines it with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// x above zero, 0.01 x below.
    LeakyRelu,
    /// x above zero, exp(x) - 1 below.
    Elu,
    /// max(x, 0), at most 6.
    Relu6,
    /// x relu6(x + 3) / 6.
    HardSwish,
    /// x / (1 + exp(-x)).
    Silu,
    /// x times the share of a normal distribution below x.
    Gelu,
    /// x.
    None,
}

impl Activation {
    /// Returns its name in a step.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
            Self::Elu => "elu",
            Self::Relu6 => "relu6",
            Self::HardSwish => "hard-swish",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::None => "none",
        }
    }
}

/// One layer of a net, or several that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LayerSpec {
    /// A convolution with the other parts of [`BlockSpec`].
    Block(BlockLayer),
    /// A convolution alone.
    Conv(ConvLayer),
    /// A block whose convolution is depthwise, and a block of kernel 1 that mixes its channels.
    Separable(SeparableLayer),
    /// All values of an image, weighted: PyTorch's `Linear` on flattened values.
    Linear(LinearLayer),
    /// The largest value of each window.
    MaxPool(PoolLayer),
    /// The mean of each window.
    AveragePool(PoolLayer),
    /// The mean of each channel, `[C, 1, 1]`.
    GlobalAveragePool,
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
    /// Layers whose output is added to their input (He et al. 2015).
    Residual(ResidualLayer),
    /// Branches that read the same input, whose channels follow each other.
    Concat(ConcatLayer),
    /// Layers that are applied several times, with the same weights.
    Repeat(RepeatLayer),
    /// Channels weighted by what two small layers make of all channels' means (Hu et al. 2017).
    SqueezeExcite(SqueezeExciteLayer),
}

/// [`LayerSpec::Block`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockLayer {
    /// Output channels.
    pub channels: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Distance between windows; 1 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Parts that the channels are divided into, each with its own kernels; 1 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Groups>,
    /// Distance between the pixels of a window; 1 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dilation: Option<usize>,
    /// Replaces [`BlockSpec::activation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
}

/// [`LayerSpec::Conv`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConvLayer {
    /// Output channels.
    pub channels: usize,
    /// Height and width of the kernel.
    pub kernel: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Whether it adds a bias.
    pub bias: bool,
    /// As [`BlockLayer::stride`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// As [`BlockLayer::groups`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Groups>,
    /// As [`BlockLayer::dilation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dilation: Option<usize>,
}

/// Parts that a convolution's channels are divided into: a number, or `depthwise`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// So many.
    Number(usize),
    /// One for each input channel.
    Depthwise,
}

const DEPTHWISE: &str = "depthwise";

impl Serialize for Groups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Number(number) => number.serialize(serializer),
            Self::Depthwise => DEPTHWISE.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Groups;

            fn expecting(&self, formatter: &mut Formatter) -> fmt::Result {
                write!(formatter, "a whole number or `{DEPTHWISE}`")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Groups, E> {
                let number = usize::try_from(number);
                number.map(Groups::Number).map_err(|_| E::custom("a number that no net has"))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Groups, E> {
                let known = (name == DEPTHWISE).then_some(Groups::Depthwise);
                known.ok_or_else(|| E::unknown_variant(name, &[DEPTHWISE]))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// [`LayerSpec::Separable`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeparableLayer {
    /// Output channels.
    pub channels: usize,
    /// Height and width of the depthwise kernel.
    pub kernel: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// As [`BlockLayer::stride`], of the depthwise convolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// As [`BlockLayer::dilation`], of the depthwise convolution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dilation: Option<usize>,
    /// As [`BlockLayer::activation`], of both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// Whether the other parts of a block come after the depthwise convolution too, and not after both alone; true if
    /// `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub between: Option<bool>,
}

/// [`LayerSpec::Linear`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LinearLayer {
    /// Output values.
    pub features: usize,
    /// Whether it adds a bias; true if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<bool>,
    /// An activation function behind it; none if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
}

/// [`LayerSpec::MaxPool`] and [`LayerSpec::AveragePool`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolLayer {
    /// Height and width of a window.
    pub kernel: usize,
    /// Distance between windows; that of their size if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stride: Option<usize>,
    /// Pixels added on each side, of which a maximum knows nothing and which a mean counts as zeros; 0 if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<usize>,
}

/// [`LayerSpec::Residual`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResidualLayer {
    /// The layers whose output is added.
    pub layers: Vec<LayerSpec>,
    /// The way around them; the identity if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Shortcut>,
    /// An activation function behind the sum; none if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// Whether the scale of the last norm in `layers` starts at zero, so that the sum starts as the shortcut; false if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zero_init: Option<bool>,
}

/// The way around the layers of a residual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortcut {
    /// The input as it is.
    Identity,
    /// A convolution of kernel 1 and the block's norm, with the stride that leads to the layers' output.
    Conv,
}

/// [`LayerSpec::Concat`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConcatLayer {
    /// The layers of each branch; one without layers is the input.
    pub branches: Vec<Vec<LayerSpec>>,
}

/// [`LayerSpec::Repeat`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepeatLayer {
    /// How often the layers are applied.
    pub times: usize,
    /// The layers.
    pub layers: Vec<LayerSpec>,
}

/// [`LayerSpec::SqueezeExcite`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SqueezeExciteLayer {
    /// Channels between its two layers.
    pub channels: usize,
}

/// Levels of layers within layers.
pub const MOST_LEVELS: usize = 16;

impl LayerSpec {
    /// Returns a block of stride 1.
    #[must_use]
    pub fn block(channels: usize, kernel: usize, padding: usize) -> Self {
        let (stride, groups, dilation, activation) = (None, None, None, None);
        Self::Block(BlockLayer { channels, kernel, padding, stride, groups, dilation, activation })
    }

    /// Returns a convolution of stride 1.
    #[must_use]
    pub fn conv(channels: usize, kernel: usize, padding: usize, bias: bool) -> Self {
        let (stride, groups, dilation) = (None, None, None);
        Self::Conv(ConvLayer { channels, kernel, padding, bias, stride, groups, dilation })
    }

    /// Returns a max pool of windows side by side.
    #[must_use]
    pub fn max_pool(kernel: usize) -> Self {
        Self::MaxPool(PoolLayer { kernel, stride: None, padding: None })
    }

    /// Returns an average pool of windows side by side.
    #[must_use]
    pub fn average_pool(kernel: usize) -> Self {
        Self::AveragePool(PoolLayer { kernel, stride: None, padding: None })
    }

    /// Returns the layers within it with their paths, such as `body.0.layers.1` of `body.0`.
    pub fn inner(&self, path: &str) -> Vec<(String, &Self)> {
        match self {
            Self::Residual(ResidualLayer { layers, .. }) | Self::Repeat(RepeatLayer { layers, .. }) => {
                within(&format!("{path}.layers"), layers).collect()
            }
            Self::Concat(ConcatLayer { branches }) => {
                let branches = branches.iter().enumerate();
                branches.flat_map(|(i, branch)| within(&format!("{path}.branches.{i}"), branch)).collect()
            }
            _ => vec![],
        }
    }

    /// Checks the settings that don't depend on shapes. `levels` more may be within it.
    fn check(&self, path: &str, levels: usize) -> Result<(), TrainError> {
        let checked = |name: &str, value: usize, range: RangeInclusive<usize>| {
            whole(&format!("net.{path}.{name}"), value, range)
        };
        let or_default = |name: &str, value: Option<usize>, range: RangeInclusive<usize>| {
            value.map_or(Ok(()), |value| checked(name, value, range))
        };
        let window = |channels: usize, kernel: usize, padding: usize| {
            checked("channels", channels, 1..=65_536)?;
            checked("kernel", kernel, 1..=1024)?;
            checked("padding", padding, 0..=1024)
        };
        let spread = |stride: Option<usize>, dilation: Option<usize>| {
            or_default("stride", stride, 1..=1024)?;
            or_default("dilation", dilation, 1..=1024)
        };
        let grouped = |groups: Option<Groups>| match groups {
            Some(Groups::Number(groups)) => checked("groups", groups, 1..=65_536),
            _ => Ok(()),
        };
        match self {
            &Self::Block(BlockLayer { channels, kernel, padding, stride, groups, dilation, .. })
            | &Self::Conv(ConvLayer { channels, kernel, padding, stride, groups, dilation, .. }) => {
                window(channels, kernel, padding)?;
                spread(stride, dilation)?;
                grouped(groups)?;
            }
            &Self::Separable(SeparableLayer { channels, kernel, padding, stride, dilation, .. }) => {
                window(channels, kernel, padding)?;
                spread(stride, dilation)?;
            }
            Self::Linear(linear) => checked("features", linear.features, 1..=65_536)?,
            &Self::MaxPool(PoolLayer { kernel, stride, padding })
            | &Self::AveragePool(PoolLayer { kernel, stride, padding }) => {
                checked("kernel", kernel, 1..=1024)?;
                or_default("stride", stride, 1..=1024)?;
                // More, and a window could hold no pixel of the image.
                or_default("padding", padding, 0..=kernel / 2)?;
            }
            Self::SqueezeExcite(squeeze) => checked("channels", squeeze.channels, 1..=65_536)?,
            Self::Concat(ConcatLayer { branches }) => checked("branches", branches.len(), 1..=1024)?,
            Self::Repeat(RepeatLayer { times, .. }) => checked("times", *times, 1..=1024)?,
            Self::GlobalAveragePool | Self::Flatten | Self::Residual(_) => {}
        }
        let inner = self.inner(path);
        if levels == 0 && !inner.is_empty() {
            let expected = format!("at most {MOST_LEVELS} levels of layers within layers");
            return Err(TrainError::setting(format!("net.{path}"), expected, "another one"));
        }
        inner.into_iter().try_for_each(|(path, layer)| layer.check(&path, levels - 1))
    }

    /// Returns how many layers run, those within it and each repetition included.
    fn count(&self) -> usize {
        let inner =
            self.inner("").into_iter().fold(0, |sum: usize, (_, layer)| sum.saturating_add(layer.count()));
        let times = if let Self::Repeat(RepeatLayer { times, .. }) = self { *times } else { 1 };
        inner.saturating_mul(times).saturating_add(1)
    }
}

/// Returns the layers of a list with their paths.
pub(super) fn within<'a>(
    path: &str,
    layers: &'a [LayerSpec],
) -> impl Iterator<Item = (String, &'a LayerSpec)> + use<'a> {
    let path = path.to_owned();
    layers.iter().enumerate().map(move |(i, layer)| (format!("{path}.{i}"), layer))
}

impl NetSpec {
    /// Returns the outermost layers with their paths, such as `body.0` and `head.2`, in the order they run.
    pub fn layers(&self) -> impl Iterator<Item = (String, &LayerSpec)> {
        within("body", &self.body).chain(within("head", &self.head))
    }

    /// Checks the settings that don't depend on shapes.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let whole = |name: &str, value, range| whole(&format!("net.{name}"), value, range);
        whole("channels", self.channels, 1..=64)?;
        whole("size", self.size, 1..=4096)?;
        whole("classes", self.classes, 2..=256)?; // IDX labels are bytes
        number("net.block.dropout", self.block.dropout, Range::at_least(0.0).below(1.0))?;
        if let Some(momentum) = self.block.norm_momentum {
            number("net.block.normMomentum", momentum, Range::above(0.0).at_most(1.0))?;
        }
        if let Some(epsilon) = self.block.norm_epsilon {
            number("net.block.normEpsilon", epsilon, Range::above(0.0).at_most(1.0))?;
        }
        let mut parts = self.block.order.clone();
        parts.sort_by_key(|part| *part as u8);
        if parts != [BlockPart::Conv, BlockPart::Norm, BlockPart::Relu, BlockPart::Dropout] {
            let got = serde_json::to_string(&self.block.order).unwrap_or_default();
            let expected = "`conv`, `norm`, `relu` and `dropout`, each once";
            return Err(TrainError::setting("net.block.order", expected, got));
        }
        whole("layers", self.body.len() + self.head.len(), 0..=1024)?;
        self.layers().try_for_each(|(path, layer)| layer.check(&path, MOST_LEVELS))?;
        let running = self.layers().fold(0, |sum: usize, (_, layer)| sum.saturating_add(layer.count()));
        whole("layers", running, 0..=1024)
    }
}
