use std::fs::{self, File};
use std::io::{self, Read};

use napi::bindgen_prelude::{AsyncTask, Uint8Array};
use napi::{Either, Env, Task};
use napi_derive::napi;
use stepladder_trainer::data;

use crate::{Failure, Preparation, guarded};

/// Files are read whole; larger ones are left.
const MOST_BYTES: u64 = 1 << 29;

/// Pixels after which a call ends, so that its caller can stop, and waits for one image where they are large.
const MANY_PIXELS: usize = 1 << 20;

/// The first of several image files, as a net takes them.
#[napi(object)]
pub struct PreparedJpegs {
    /// `[images that are not null, channels, size, size]`.
    pub pixels: Uint8Array,
    /// One for each file that was looked at: at least the first, fewer than all where they are large.
    #[napi(ts_type = "Array<PlainJpeg | null>")]
    pub images: Vec<Option<PlainJpeg>>,
}

/// A plain JPEG that was decoded and turned upright.
#[napi(object)]
pub struct PlainJpeg {
    /// Pixels of a row.
    pub width: f64,
    /// Rows.
    pub height: f64,
    /// 1 grey, 3 red, green and blue.
    pub channels: f64,
    /// The EXIF orientation that was applied, from 1 to 8.
    pub orientation: f64,
}

/// Reads, decodes, turns upright and prepares plain JPEG files, on a thread of the pool. Files that are not plain, or can't be
/// read, are `null`: they are the caller's to decode, or to refuse.
///
/// `files` are paths, or the bytes of files, which must not change until the promise settles.
#[napi(ts_return_type = "Promise<PreparedJpegs | Failure>")]
pub fn prepare_jpegs(
    files: Vec<Either<String, Uint8Array>>,
    preparation: Preparation,
) -> AsyncTask<PreparingJpegs> {
    AsyncTask::new(PreparingJpegs { files, preparation })
}

/// Files being prepared.
pub struct PreparingJpegs {
    files: Vec<Either<String, Uint8Array>>,
    preparation: Preparation,
}

/// The fields of [`PreparedJpegs`].
type Prepared = (Vec<u8>, Vec<Option<PlainJpeg>>);

impl Task for PreparingJpegs {
    type Output = Result<Prepared, Failure>;
    type JsValue = Either<PreparedJpegs, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| Ok(prepare_all(&self.files, &self.preparation.checked()?))))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok((pixels, images)) => Either::A(PreparedJpegs { pixels: pixels.into(), images }),
            Err(failure) => Either::B(failure),
        })
    }
}

fn prepare_all(files: &[Either<String, Uint8Array>], to: &data::Preparation) -> Prepared {
    let length = to.channels * to.size * to.size;
    let (mut pixels, mut images, mut done) = (vec![], vec![], 0);
    for file in files {
        let jpeg = match file {
            Either::A(path) => read_jpeg(path).ok().and_then(|bytes| stepladder_jpeg::decode(&bytes)),
            Either::B(bytes) => stepladder_jpeg::decode(bytes),
        };
        let image = jpeg.and_then(|jpeg| {
            let planes = prepare(&jpeg, to)?;
            pixels.try_reserve(length).ok()?;
            pixels.extend(planes);
            done += jpeg.width * jpeg.height + length;
            Some(PlainJpeg::from(&jpeg))
        });
        images.push(image);
        if done >= MANY_PIXELS {
            break;
        }
    }
    (pixels, images)
}

/// Brings an image to the square; `None` if there is no memory for it.
fn prepare(jpeg: &stepladder_jpeg::Image, to: &data::Preparation) -> Option<Vec<u8>> {
    let stepladder_jpeg::Image { samples, width, height, channels, .. } = jpeg;
    let [width, height, channels] = [*width, *height, *channels];
    data::prepare(&data::Decoded { samples, width, height, channels, bits: 8 }, to).ok()
}

impl From<&stepladder_jpeg::Image> for PlainJpeg {
    fn from(jpeg: &stepladder_jpeg::Image) -> Self {
        Self {
            width: jpeg.width as f64,
            height: jpeg.height as f64,
            channels: jpeg.channels as f64,
            orientation: f64::from(jpeg.orientation),
        }
    }
}

/// Reads a file; one that is no JPEG, as far as its first bytes.
fn read_jpeg(path: &str) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("not a file")); // to open a pipe may take for ever
    }
    let mut file = File::open(path)?;
    let mut start = [0; 3];
    file.read_exact(&mut start)?;
    let length = file.metadata()?.len();
    if !stepladder_jpeg::is_jpeg(&start) || length > MOST_BYTES {
        return Err(io::Error::other("not a JPEG, or too large"));
    }
    let mut bytes = vec![];
    bytes.try_reserve_exact(length as usize)?;
    bytes.extend(start);
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
