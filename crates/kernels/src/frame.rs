/// Images in a group.
pub const LANES: usize = 16;

/// One pixel of 16 images.
pub type Lanes = [f32; LANES];

/// The geometry of a group's activations: `[channels][height][width][16]`, with a border of `border` zeros around
/// every channel in memory. [`new`](Self::new) makes one only if it has a pixel and memory could hold it, so that
/// computing places in it can't overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    channels: usize,
    height: usize,
    width: usize,
    border: usize,
}

/// Pixels of the largest frame: the largest slice has no more.
const MOST_PIXELS: usize = isize::MAX as usize / size_of::<Lanes>();

impl Frame {
    /// Returns a frame; `None` if it has no pixels, or more than memory could hold.
    #[must_use]
    pub fn new(channels: usize, height: usize, width: usize, border: usize) -> Option<Self> {
        if channels == 0 || height == 0 || width == 0 {
            return None;
        }
        let both = border.checked_mul(2)?;
        let channel = height.checked_add(both)?.checked_mul(width.checked_add(both)?)?;
        let pixels = channel.checked_mul(channels)?;
        (pixels <= MOST_PIXELS).then_some(Self { channels, height, width, border })
    }

    /// Returns the same frame without a border.
    #[must_use]
    pub const fn inner(self) -> Self {
        Self { border: 0, ..self }
    }

    /// Returns the same frame with another border; `None` if memory could not hold it.
    #[must_use]
    pub fn with_border(self, border: usize) -> Option<Self> {
        Self::new(self.channels, self.height, self.width, border)
    }

    /// Returns the number of channels.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// Returns the number of rows, border excluded.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// Returns the number of columns, border excluded.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Returns the rows and columns of zeros on each side.
    #[must_use]
    pub const fn border(&self) -> usize {
        self.border
    }

    /// Returns the distance between rows, in pixels.
    #[must_use]
    pub const fn row_stride(&self) -> usize {
        self.width + 2 * self.border
    }

    /// Returns the distance between channels, in pixels.
    #[must_use]
    pub const fn channel_stride(&self) -> usize {
        (self.height + 2 * self.border) * self.row_stride()
    }

    /// Returns the number of pixels in memory, border included; at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // it never is
    pub const fn len(&self) -> usize {
        self.channels * self.channel_stride()
    }

    /// Returns the index of a pixel in memory.
    #[must_use]
    pub const fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        channel * self.channel_stride() + (row + self.border) * self.row_stride() + column + self.border
    }
}

impl Frame {
    /// Returns the place of the first pixel that a window of stride 1 reads, with so many rows and columns of the border
    /// on each side of the image; a negative padding leaves out so many of the image itself.
    ///
    /// # Panics
    ///
    /// If the border is smaller, or windows over the rest would not make `output`.
    pub(crate) fn origin(&self, padding: isize, kernel: usize, output: Self) -> usize {
        let beyond = self.border.checked_add_signed(-padding).expect("a border of at least the padding");
        let read = |side: usize| side.checked_add_signed(2 * padding);
        assert_eq!(read(self.height), Some(output.height + kernel - 1));
        assert_eq!(read(self.width), Some(output.width + kernel - 1));
        beyond * (self.row_stride() + 1)
    }
}

/// Sums 16 lanes, always in this order: one half is added to the other until one lane is left.
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
