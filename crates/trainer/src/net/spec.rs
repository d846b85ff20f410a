use serde::{Deserialize, Serialize};

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
}

/// A part of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockPart {
    /// The convolution.
    Conv,
    /// The normalisation, if any.
    Norm,
    /// max(x, 0).
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
    /// Batch normalisation (Ioffe and Szegedy 2015), with PyTorch's epsilon of 1e-5 and momentum of 0.1.
    Batch,
}

/// One layer of a net. Convolutions have stride 1, pools a stride of their kernel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum LayerSpec {
    /// A convolution with the other parts of [`BlockSpec`].
    Block {
        /// Output channels.
        channels: usize,
        /// Height and width of the kernel.
        kernel: usize,
        /// Zeros added on each side.
        padding: usize,
    },
    /// A convolution alone.
    Conv {
        /// Output channels.
        channels: usize,
        /// Height and width of the kernel.
        kernel: usize,
        /// Zeros added on each side.
        padding: usize,
        /// Whether it adds a bias.
        bias: bool,
    },
    /// The largest value of each window.
    MaxPool {
        /// Height, width and stride of the window.
        kernel: usize,
    },
    /// The mean of each window.
    AveragePool {
        /// Height, width and stride of the window.
        kernel: usize,
    },
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
}

impl NetSpec {
    /// Returns the layers with their places, such as `body.0` and `head.2`, in the order they run.
    pub fn layers(&self) -> impl Iterator<Item = (String, &LayerSpec)> {
        let body = self.body.iter().enumerate().map(|(i, layer)| (format!("body.{i}"), layer));
        body.chain(self.head.iter().enumerate().map(|(i, layer)| (format!("head.{i}"), layer)))
    }

    /// Checks the settings that don't depend on shapes.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let whole = |name: &str, value, range| whole(&format!("net.{name}"), value, range);
        whole("channels", self.channels, 1..=64)?;
        whole("size", self.size, 1..=4096)?;
        whole("classes", self.classes, 2..=256)?; // IDX labels are bytes
        number("net.block.dropout", self.block.dropout, Range::at_least(0.0).below(1.0))?;
        let mut parts = self.block.order.clone();
        parts.sort_by_key(|part| *part as u8);
        if parts != [BlockPart::Conv, BlockPart::Norm, BlockPart::Relu, BlockPart::Dropout] {
            let got = serde_json::to_string(&self.block.order).unwrap_or_default();
            let expected = "`conv`, `norm`, `relu` and `dropout`, each once";
            return Err(TrainError::setting("net.block.order", expected, got));
        }
        whole("layers", self.body.len() + self.head.len(), 0..=1024)?;
        for (place, layer) in self.layers() {
            match *layer {
                LayerSpec::Block { channels, kernel, padding }
                | LayerSpec::Conv { channels, kernel, padding, .. } => {
                    whole(&format!("{place}.channels"), channels, 1..=65_536)?;
                    whole(&format!("{place}.kernel"), kernel, 1..=1024)?;
                    whole(&format!("{place}.padding"), padding, 0..=1024)?;
                }
                LayerSpec::MaxPool { kernel } | LayerSpec::AveragePool { kernel } => {
                    whole(&format!("{place}.kernel"), kernel, 1..=1024)?;
                }
                LayerSpec::Flatten => {}
            }
        }
        Ok(())
    }
}
