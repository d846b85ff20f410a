/// Images in a group.
pub const LANES: usize = 16;

/// One pixel of 16 images.
pub type Lanes = [f32; LANES];

/// A bit for each of the 16 images of a pixel; the first image's is the lowest.
pub type LaneBits = u16;

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

/// The geometry of a convolution's windows, their size apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// Distance between windows.
    pub stride: usize,
    /// Distance between the pixels of a window.
    pub dilation: usize,
    /// Rows and columns of the border that they reach; a negative one leaves out so many of the image.
    pub padding: isize,
}

impl Windows {
    /// Returns windows side by side over an image and so much of its border.
    #[must_use]
    pub const fn dense(padding: isize) -> Self {
        Self { stride: 1, dilation: 1, padding }
    }

    pub(crate) const fn is_dense(self) -> bool {
        self.stride == 1 && self.dilation == 1
    }

    /// Returns the place in `input` of the first pixel that the first window reads.
    ///
    /// # Panics
    ///
    /// If its border is smaller than the padding, or the windows don't make `output`.
    pub(crate) fn origin(self, input: Frame, kernel: usize, output: Frame) -> usize {
        let beyond =
            input.border.checked_add_signed(-self.padding).expect("a border of at least the padding");
        let made = |side: usize| {
            let read = side.checked_add_signed(2 * self.padding)?;
            Some(read.checked_sub(self.dilation * (kernel - 1) + 1)? / self.stride + 1)
        };
        assert_eq!((made(input.height), made(input.width)), (Some(output.height), Some(output.width)));
        beyond * (input.row_stride() + 1)
    }

    /// Returns the rows of a window's kernel that lie on the image; those on the border would add only zeros.
    #[inline(always)]
    pub(crate) fn rows(self, input: Frame, kernel: usize, row: usize) -> std::ops::Range<usize> {
        let first = self.padding.saturating_sub_unsigned(row * self.stride).max(0) as usize;
        let end = input.height.saturating_add_signed(self.padding).saturating_sub(row * self.stride);
        first.div_ceil(self.dilation).min(kernel)..end.div_ceil(self.dilation).min(kernel)
    }
}

impl Windows {
    /// Returns the window along a side that reads a pixel by a tap of its kernel, if there is one: `[pixel][tap]`.
    pub(crate) fn sources(self, pixels: usize, kernel: usize, windows: usize) -> Vec<Option<usize>> {
        let source = |pixel: usize, tap: usize| {
            let start = pixel.checked_add_signed(self.padding)?.checked_sub(tap * self.dilation)?;
            (start % self.stride == 0 && start / self.stride < windows).then(|| start / self.stride)
        };
        (0..pixels).flat_map(|pixel| (0..kernel).map(move |tap| source(pixel, tap))).collect()
    }
}

impl Frame {
    /// Returns the frame of some of the channels, and the range of their pixels.
    ///
    /// # Panics
    ///
    /// If there are no such channels.
    #[must_use]
    pub fn part(self, first: usize, channels: usize) -> (Self, std::ops::Range<usize>) {
        assert!(channels > 0 && first + channels <= self.channels);
        let stride = self.channel_stride();
        (Self { channels, ..self }, first * stride..(first + channels) * stride)
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
