//! A safe view of `decode.c`.

use std::ffi::{c_int, c_ulong};
use std::marker::PhantomData;
use std::ptr::NonNull;

use mozjpeg_sys as _; // links libjpeg

/// The same layout as `struct header` in `decode.c`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// 1 grey, 3 red, green and blue.
    pub(crate) channels: u32,
}

#[repr(C)]
struct RawDecoder {
    _private: [u8; 0],
}

unsafe extern "C" {
    fn stepladder_jpeg_open(file: *const u8, length: c_ulong, header: *mut Header) -> *mut RawDecoder;
    fn stepladder_jpeg_read(decoder: *mut RawDecoder, pixels: *mut u8) -> c_int;
    fn stepladder_jpeg_close(decoder: *mut RawDecoder);
}

/// A file whose header was read.
pub(crate) struct Decoder<'a> {
    raw: NonNull<RawDecoder>,
    header: Header,
    file: PhantomData<&'a [u8]>,
}

impl<'a> Decoder<'a> {
    /// Reads the header of a file; `None` after an error or a warning, and for other colours or depths.
    pub(crate) fn open(file: &'a [u8]) -> Option<Self> {
        let length = c_ulong::try_from(file.len()).ok()?;
        let mut header = Header::default();
        // SAFETY: the file is borrowed for as long as the decoder lives, and the header is writable.
        let raw = unsafe { stepladder_jpeg_open(file.as_ptr(), length, &raw mut header) };
        Some(Self { raw: NonNull::new(raw)?, header, file: PhantomData })
    }

    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// Decodes the image into `[height, width, channels]` bytes; `None` after an error or a warning.
    pub(crate) fn read(self, pixels: &mut [u8]) -> Option<()> {
        let Header { width, height, channels } = self.header;
        assert_eq!(pixels.len(), width as usize * height as usize * channels as usize);
        // SAFETY: the decoder is open and read once; it writes `height` rows of `width * channels` bytes.
        (unsafe { stepladder_jpeg_read(self.raw.as_ptr(), pixels.as_mut_ptr()) } != 0).then_some(())
    }
}

impl Drop for Decoder<'_> {
    fn drop(&mut self) {
        // SAFETY: the decoder is open, and not used afterwards.
        unsafe { stepladder_jpeg_close(self.raw.as_ptr()) }
    }
}
