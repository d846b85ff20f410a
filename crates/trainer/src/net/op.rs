/// Channels, height and width of one image's activations.
pub type Shape = [usize; 3];

/// The geometry of windows that slide over an image, as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Height and width of a window.
    pub kernel: usize,
    /// Distance between windows.
    pub stride: usize,
    /// Pixels added on each side.
    pub padding: usize,
}

impl Window {
    /// Returns the number of windows along a side, of which the last may leave out pixels; `None` if none fits.
    #[must_use]
    pub fn count(self, side: usize) -> Option<usize> {
        Some((side + 2 * self.padding).checked_sub(self.kernel)? / self.stride + 1)
    }
}

/// The computation of a node. Indices point into [`Plan::parameters`](super::Plan::parameters) and
/// [`Plan::statistics`](super::Plan::statistics).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// A convolution.
    Conv {
        /// Weights `[out, in, kernel, kernel]`.
        weight: usize,
        /// Bias `[out]`.
        bias: Option<usize>,
        /// Its windows, padded with zeros.
        window: Window,
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
    MaxPool(Window),
    /// The mean of each window; rows and columns that fill no window are left out.
    AveragePool(Window),
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
}

impl Op {
    /// Returns its windows, where it has some.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        match *self {
            Self::Conv { window, .. } | Self::MaxPool(window) | Self::AveragePool(window) => Some(window),
            Self::BatchNorm { .. } | Self::Relu | Self::Dropout { .. } | Self::Flatten => None,
        }
    }
}
