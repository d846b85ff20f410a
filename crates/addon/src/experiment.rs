//! An experiment as JavaScript spells it. Numbers cross as f64, since an integer argument would wrap in silence.

use napi_derive::napi;
use stepladder_trainer::config::{BATCH_SIZE, EPOCHS, as_whole, as_whole_within};
use stepladder_trainer::{TrainError, data, net, optim};

/// Everything that decides what is learned, apart from the seed and the data.
#[napi(object)]
pub struct Experiment {
    /// The net.
    pub net: Net,
    /// What is done to training images before the net sees them; nothing where left out.
    pub augmentation: Option<Augmentation>,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// How large the steps are, and when.
    pub schedule: Schedule,
    /// Averaging of the weights over steps; none where left out.
    pub averaging: Option<Averaging>,
    /// The share of each training label that is spread over all classes, in `[0, 1)`.
    pub label_smoothing: f64,
    /// Samples in a step; the last of an epoch may have fewer.
    pub batch_size: f64,
    /// Passes over the training set.
    pub epochs: f64,
}

/// A net as data.
#[napi(object)]
pub struct Net {
    /// Channels of the images.
    pub channels: f64,
    /// Height and width of the images, in pixels.
    pub size: f64,
    /// How many labels it tells apart.
    pub classes: f64,
    /// What every block is made of.
    pub block: Block,
    /// The layers that find features.
    pub body: Vec<Layer>,
    /// The layers that turn features into classes.
    pub head: Vec<Layer>,
}

/// What every block is made of, and in which order.
#[napi(object)]
pub struct Block {
    /// The order of a block's parts, each once; `norm` and `dropout` do nothing while switched off.
    pub order: Vec<BlockPart>,
    /// Whether its convolution adds a bias.
    pub bias: bool,
    /// The kind of its normalisation.
    pub norm: Norm,
    /// The share of activations dropped in training, in `[0, 1)`.
    pub dropout: f64,
}

/// A part of a block.
#[napi(string_enum = "kebab-case")]
pub enum BlockPart {
    Conv,
    Norm,
    Relu,
    Dropout,
}

/// The kind of a block's normalisation.
#[napi(string_enum = "kebab-case")]
pub enum Norm {
    None,
    Batch,
}

/// One layer. Convolutions have stride 1, pools a stride of their kernel.
#[napi(discriminant = "kind", discriminant_case = "kebab-case")]
pub enum Layer {
    /// A convolution with everything that `Block` says comes with it.
    Block { channels: f64, kernel: f64, padding: f64 },
    /// A convolution alone.
    Conv { channels: f64, kernel: f64, padding: f64, bias: bool },
    /// The largest value of each window.
    MaxPool { kernel: f64 },
    /// The mean of each window.
    AveragePool { kernel: f64 },
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
}

/// Ranges of random change, with torchvision's meaning.
#[napi(object)]
pub struct Augmentation {
    /// Turned by at most so many degrees, either way.
    pub rotation: f64,
    /// Moved by at most this share of the size along each axis, in whole pixels.
    pub translation: f64,
    /// The least factor of size.
    pub scale_min: f64,
    /// The largest factor of size.
    pub scale_max: f64,
    /// Sheared along the rows by at most so many degrees, either way.
    pub shear: f64,
    /// Brightness is multiplied by at most 1 + this and at least 1 - this.
    pub brightness: f64,
    /// The distance from the image's mean likewise.
    pub contrast: f64,
}

/// Stochastic gradient descent, with the meaning of PyTorch's `SGD`.
#[napi(object)]
pub struct Optimizer {
    /// The share of the last step that goes into the next, in `[0, 1)`.
    pub momentum: f64,
    /// Whether to step from where momentum leads.
    pub nesterov: bool,
    /// The share of each weight that is added to its gradient.
    pub weight_decay: f64,
}

/// The learning rate of every step of a run.
#[napi(discriminant = "kind", discriminant_case = "kebab-case")]
pub enum Schedule {
    /// The same for every step.
    Constant { learning_rate: f64 },
    /// PyTorch's `OneCycleLR` in two phases along half cosines.
    OneCycle {
        max_learning_rate: f64,
        pct_start: f64,
        div_factor: f64,
        final_div_factor: f64,
        cycle_momentum: Option<CycleMomentum>,
    },
}

/// The ends between which one-cycle moves momentum.
#[napi(object)]
pub struct CycleMomentum {
    /// Momentum at the peak of the rate.
    pub base: f64,
    /// Momentum in the first and the last step.
    pub max: f64,
}

/// An exponential moving average of the weights, one term a step.
#[napi(object)]
pub struct Averaging {
    /// The share of the average that a step keeps, in `[0, 1)`.
    pub decay: f64,
}

impl TryFrom<Experiment> for stepladder_trainer::Experiment {
    type Error = TrainError;

    fn try_from(js: Experiment) -> Result<Self, TrainError> {
        Ok(Self {
            net: js.net.try_into()?,
            augmentation: js.augmentation.map(|ranges| data::Augmentation {
                rotation: ranges.rotation,
                translation: ranges.translation,
                scale_min: ranges.scale_min,
                scale_max: ranges.scale_max,
                shear: ranges.shear,
                brightness: ranges.brightness,
                contrast: ranges.contrast,
            }),
            optimizer: optim::Optimizer {
                momentum: js.optimizer.momentum,
                nesterov: js.optimizer.nesterov,
                weight_decay: js.optimizer.weight_decay,
            },
            schedule: match js.schedule {
                Schedule::Constant { learning_rate } => optim::Schedule::Constant { learning_rate },
                Schedule::OneCycle {
                    max_learning_rate,
                    pct_start,
                    div_factor,
                    final_div_factor,
                    cycle_momentum,
                } => optim::Schedule::OneCycle {
                    max_learning_rate,
                    pct_start,
                    div_factor,
                    final_div_factor,
                    cycle_momentum: cycle_momentum
                        .map(|CycleMomentum { base, max }| optim::CycleMomentum { base, max }),
                },
            },
            averaging: js.averaging.map(|Averaging { decay }| optim::Averaging { decay }),
            label_smoothing: js.label_smoothing,
            batch_size: as_whole_within("batchSize", js.batch_size, BATCH_SIZE)?,
            epochs: as_whole_within("epochs", js.epochs, EPOCHS)?,
        })
    }
}

impl TryFrom<Net> for net::NetSpec {
    type Error = TrainError;

    fn try_from(js: Net) -> Result<Self, TrainError> {
        let layers = |part: &str, layers: Vec<Layer>| {
            layers
                .into_iter()
                .enumerate()
                .map(|(i, layer)| layer.checked(&format!("net.{part}.{i}")))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            channels: as_whole("net.channels", js.channels)?,
            size: as_whole("net.size", js.size)?,
            classes: as_whole("net.classes", js.classes)?,
            block: net::BlockSpec {
                order: js.block.order.into_iter().map(Into::into).collect(),
                bias: js.block.bias,
                norm: match js.block.norm {
                    Norm::None => net::Norm::None,
                    Norm::Batch => net::Norm::Batch,
                },
                dropout: js.block.dropout,
            },
            body: layers("body", js.body)?,
            head: layers("head", js.head)?,
        })
    }
}

impl From<BlockPart> for net::BlockPart {
    fn from(js: BlockPart) -> Self {
        match js {
            BlockPart::Conv => Self::Conv,
            BlockPart::Norm => Self::Norm,
            BlockPart::Relu => Self::Relu,
            BlockPart::Dropout => Self::Dropout,
        }
    }
}

impl Layer {
    fn checked(self, place: &str) -> Result<net::LayerSpec, TrainError> {
        let whole = |name: &str, value| as_whole(&format!("{place}.{name}"), value);
        Ok(match self {
            Self::Block { channels, kernel, padding } => net::LayerSpec::Block {
                channels: whole("channels", channels)?,
                kernel: whole("kernel", kernel)?,
                padding: whole("padding", padding)?,
            },
            Self::Conv { channels, kernel, padding, bias } => net::LayerSpec::Conv {
                channels: whole("channels", channels)?,
                kernel: whole("kernel", kernel)?,
                padding: whole("padding", padding)?,
                bias,
            },
            Self::MaxPool { kernel } => net::LayerSpec::MaxPool { kernel: whole("kernel", kernel)? },
            Self::AveragePool { kernel } => net::LayerSpec::AveragePool { kernel: whole("kernel", kernel)? },
            Self::Flatten => net::LayerSpec::Flatten,
        })
    }
}
