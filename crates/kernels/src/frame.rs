/// Images in a group.
pub const LANES: usize = 16;

/// One pixel of 16 images.
pub type Lanes = [f32; LANES];

/// The geometry of a group's activations: `[channels][height][width][16]`, with a border of `border` zeros around
/// every channel in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// How many channels.
    pub channels: usize,
    /// Rows without the border.
    pub height: usize,
    /// Columns without the border.
    pub width: usize,
    /// Rows and columns of zeros on each side.
    pub border: usize,
}

impl Frame {
    /// A frame without a border.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width, border: 0 }
    }

    /// The same with a border.
    #[must_use]
    pub const fn with_border(self, border: usize) -> Self {
        Self { border, ..self }
    }

    /// Pixels from one row to the next.
    #[must_use]
    pub const fn row_stride(&self) -> usize {
        self.width + 2 * self.border
    }

    /// Pixels from one channel to the next.
    #[must_use]
    pub const fn channel_stride(&self) -> usize {
        (self.height + 2 * self.border) * self.row_stride()
    }

    /// Pixels in memory, border included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.channels * self.channel_stride()
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a pixel stands in memory.
    #[must_use]
    pub const fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        channel * self.channel_stride() + (row + self.border) * self.row_stride() + column + self.border
    }
}

/// The sum of 16 lanes, always in this order: halves on each other, until one is left.
#[inline(always)]
#[must_use]
pub fn sum_lanes(lanes: &Lanes) -> f32 {
    let mut sums = *lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            sums[i] += sums[i + width];
        }
        width /= 2;
    }
    sums[0]
}
