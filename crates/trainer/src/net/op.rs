use super::spec::Activation;

/// Channels, height and width of one image's activations.
pub type Shape = [usize; 3];

/// The geometry of windows that slide over an image, as in PyTorch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Height and width of a window, in pixels that it reads.
    pub kernel: usize,
    /// Distance between windows.
    pub stride: usize,
    /// Pixels added on each side.
    pub padding: usize,
    /// Distance between the pixels that a window reads.
    pub dilation: usize,
}

impl Window {
    /// A window of a single pixel.
    pub const PIXEL: Self = Self { kernel: 1, stride: 1, padding: 0, dilation: 1 };

    /// Returns the height and width that a window covers.
    #[must_use]
    pub fn extent(self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// Returns the number of windows along a side, of which the last may leave out pixels; `None` if none fits.
    #[must_use]
    pub fn count(self, side: usize) -> Option<usize> {
        Some((side + 2 * self.padding).checked_sub(self.extent())? / self.stride + 1)
    }
}

/// The computation of a node. Indices point into [`Plan::parameters`](super::Plan::parameters) and
/// [`Plan::statistics`](super::Plan::statistics).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Op {
    /// A convolution.
    Conv {
        /// Weights `[out, in / groups, kernel, kernel]`.
        weight: usize,
        /// Bias `[out]`.
        bias: Option<usize>,
        /// Its windows, padded with zeros.
        window: Window,
        /// Parts that its channels are divided into.
        groups: usize,
    },
    /// Batch normalisation over batch, height and width.
    BatchNorm {
        /// Scale `[channels]`.
        weight: usize,
        /// Shift `[channels]`.
        bias: usize,
        /// Running mean and variance `[channels]`.
        statistics: usize,
        /// The share of a batch in the running statistics.
        momentum: f64,
        /// Added to a variance before its root is taken.
        epsilon: f64,
    },
    /// An activation function.
    Activation(Activation),
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// Dropout of single activations, in training only.
    Dropout {
        /// The share dropped.
        probability: f64,
        /// Index among the net's dropouts, for its random stream.
        index: usize,
    },
    /// The largest value of each window; rows and columns that fill no window are left out.
    MaxPool(Window),
    /// The mean of each window, padded with zeros; rows and columns that fill no window are left out.
    AveragePool(Window),
    /// The mean of each channel, `[C, 1, 1]`.
    GlobalAveragePool,
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
    /// The sum of two inputs of one shape.
    Add,
    /// The channels of all inputs, one input after another.
    Concat,
    /// The first input, each channel times a value of the second, `[C, 1, 1]`.
    Scale,
}

impl Op {
    /// Returns its windows over an input of a shape, where it has some.
    #[must_use]
    pub fn window(&self, input: Shape) -> Option<Window> {
        match *self {
            Self::Conv { window, .. } | Self::MaxPool(window) | Self::AveragePool(window) => Some(window),
            Self::GlobalAveragePool => Some(Window { kernel: input[1], ..Window::PIXEL }),
            _ => None,
        }
    }
}
