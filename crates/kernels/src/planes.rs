use crate::frame::{Frame, LANES, Windows};

/// The geometry of a single image's values: a plane of f32 for each channel, so that neighbouring pixels stand in lanes.
///
/// Rows may lie further apart than they are long, and what stands between them is undefined unless it is the border of
/// zeros. Planes begin at multiples of 16 and end with at least 15 f32 of no pixel, so that a register may be read from
/// any pixel on, and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planes {
    frame: Frame,
    /// The place of the first pixel in its plane.
    first: usize,
    row_stride: usize,
    channel_stride: usize,
}

impl Planes {
    /// Returns the planes of a frame, with its border.
    #[must_use]
    pub const fn new(frame: Frame) -> Self {
        let row_stride = frame.row_stride();
        let first = frame.border() * (row_stride + 1);
        Self { frame, first, row_stride, channel_stride: channel_stride(frame.channel_stride()) }
    }

    /// Returns planes without a border, whose rows lie `row_stride` apart.
    const fn spread(frame: Frame, row_stride: usize) -> Self {
        let frame = frame.inner();
        let values = (frame.height() - 1) * row_stride + frame.width();
        Self { frame, first: 0, row_stride, channel_stride: channel_stride(values) }
    }

    /// Returns the same planes where what stands between rows, and in their border, is undefined.
    #[must_use]
    pub const fn without_border(self) -> Self {
        Self { frame: self.frame.inner(), ..self }
    }

    /// Returns their shape and border.
    #[must_use]
    pub const fn frame(&self) -> Frame {
        self.frame
    }

    /// Returns the distance between planes, in f32.
    #[must_use]
    pub const fn channel_stride(&self) -> usize {
        self.channel_stride
    }

    /// Returns the distance between rows, in f32.
    pub(crate) const fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// Returns the number of f32 in memory, a multiple of 16.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // it never is
    pub const fn len(&self) -> usize {
        self.frame.channels() * self.channel_stride
    }

    /// Returns the index of a pixel in memory.
    #[must_use]
    pub const fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        channel * self.channel_stride + self.first + row * self.row_stride + column
    }

    /// Returns the frame by which kernels that treat every value alike read the memory as pixels of 16 lanes.
    ///
    /// # Panics
    ///
    /// Never: such a frame has as many pixels as there are registers of 16 in memory.
    #[must_use]
    pub fn registers(&self) -> Frame {
        let registers = Frame::new(self.frame.channels(), 1, self.channel_stride / LANES, 0);
        registers.expect("a plane is at least 16 f32")
    }

    /// Returns the planes of some of the channels, and the range of their values.
    ///
    /// # Panics
    ///
    /// If there are no such channels.
    #[must_use]
    pub fn part(self, first: usize, channels: usize) -> (Self, std::ops::Range<usize>) {
        let (frame, _) = self.frame.part(first, channels);
        (Self { frame, ..self }, first * self.channel_stride..(first + channels) * self.channel_stride)
    }
}

/// Returns the distance between planes of so many values each.
const fn channel_stride(values: usize) -> usize {
    (values + LANES - 1).next_multiple_of(LANES)
}

impl Windows {
    /// Returns the planes that a convolution writes: a register reads values side by side, those between rows among them, so
    /// that the rows of its output lie as far apart as those of its input. With a stride it reads gathered planes instead.
    #[must_use]
    pub fn planes(self, input: Planes, output: Frame) -> Planes {
        Planes::spread(output, if self.stride == 1 { input.row_stride } else { output.width() })
    }

    /// Returns the planes that a convolution with a stride gathers, one for each tap of its kernel and input channel; `None`
    /// for stride 1, which gathers nothing.
    ///
    /// # Errors
    ///
    /// If no memory could hold them.
    pub fn gathered(self, input: Frame, kernel: usize, output: Frame) -> Result<Option<Planes>, TooLarge> {
        if self.stride == 1 {
            return Ok(None);
        }
        let taps = kernel.checked_mul(kernel).and_then(|area| area.checked_mul(input.channels()));
        let frame = taps.and_then(|taps| Frame::new(taps, output.height(), output.width(), 0));
        frame.map(|frame| Some(Planes::new(frame))).ok_or(TooLarge)
    }
}

/// Returns which of so many windows along a side of the image lie on it as a whole, those of a border apart.
pub(crate) fn whole_windows(
    side: usize,
    extent: usize,
    stride: usize,
    padding: usize,
    windows: usize,
) -> std::ops::Range<usize> {
    let last = (side + padding).checked_sub(extent);
    padding.div_ceil(stride)..last.map_or(0, |last| last / stride + 1).min(windows)
}

/// Planes that no memory could hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;
