//! Times each transform on one thread, for `scripts/reference/bench_transforms.py`: prints images per second as JSON.
//!
//! usage: `time_transforms CHANNELS SIZE`, with the transforms as JSON objects on stdin, one a line

use std::io::stdin;
use std::time::Instant;

use stepladder_trainer::data::{Augmentation, Batches, Images, Normalisation, Preparing};
use stepladder_trainer::engine::Isa;
use stepladder_trainer::random::{Purpose, Stream};

const IMAGES: usize = 2048;
const SECONDS: f64 = 0.3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let mut number = || arguments.next().ok_or("usage: time_transforms CHANNELS SIZE");
    let (channels, size) = (number()??, number()??);
    let length = channels * size * size;
    let pixels = (0..IMAGES * length).map(|i| (i * 7919 % 251) as u8).collect();
    let images = Images::new(channels, size, pixels, vec![0; IMAGES]);
    let mut rates = vec![];
    for line in stdin().lines() {
        let by: Augmentation = serde_json::from_str(&line?)?;
        let mut preparing = Preparing::new(Isa::best(), [channels, size], Some(&by))?;
        let (begun, mut count) = (Instant::now(), 0);
        for epoch in 0.. {
            let stream = |purpose| Stream::new(1, purpose).at(epoch);
            let plain = Normalisation { mean: 0.0, deviation: 1.0 };
            let augmentation = Some((&by, stream(Purpose::Augmentation)));
            for batch in Batches::new(&images, plain, augmentation, 128, stream(Purpose::Order)) {
                count += batch?.images(&mut preparing, length).len() / length;
            }
            if begun.elapsed().as_secs_f64() > SECONDS {
                break;
            }
        }
        rates.push(count as f64 / begun.elapsed().as_secs_f64());
    }
    println!("{}", serde_json::to_string(&rates)?);
    Ok(())
}
