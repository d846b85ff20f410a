//! What burn and candle share as peers of `npm run bench`: the experiment, its images, and the talk with the benchmark.
//!
//! usage: PEER EXPERIMENT.json DATA_DIR
//!
//! The protocol is that of `bench_peer.py`.

use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The settings of an experiment that a training step depends on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Experiment {
    net: Net,
    optimizer: Value,
    #[serde(default)]
    label_smoothing: f64,
    pub batch_size: usize,
}

#[derive(Deserialize)]
struct Net {
    channels: usize,
    block: Block,
    body: Vec<Value>,
    head: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    order: Vec<String>,
    bias: bool,
    norm: String,
    dropout: f64,
    activation: Option<String>,
    norm_momentum: Option<f64>,
    norm_epsilon: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Window {
    #[serde(rename = "kind")]
    _kind: String,
    channels: usize,
    kernel: usize,
    padding: usize,
    bias: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pool {
    #[serde(rename = "kind")]
    _kind: String,
    kernel: usize,
}

/// Stochastic gradient descent, as PyTorch defines it.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sgd {
    pub momentum: f64,
    pub nesterov: bool,
    pub weight_decay: f64,
}

/// A layer of a net without branches.
pub enum Layer {
    Conv { from: usize, to: usize, kernel: usize, padding: usize, bias: bool },
    Norm { channels: usize, momentum: f64, epsilon: f64 },
    Relu,
    Dropout(f64),
    MaxPool(usize),
    AveragePool(usize),
    Flatten,
}

impl Experiment {
    /// Returns the optimizer.
    ///
    /// # Errors
    ///
    /// For another optimizer or loss than these peers have.
    pub fn sgd(&self) -> Outcome<Sgd> {
        if self.label_smoothing != 0.0 {
            return Err("it is timed without label smoothing only".into());
        }
        let mut optimizer = self.optimizer.clone();
        let kind = optimizer.as_object_mut().and_then(|fields| fields.remove("kind"));
        if let Some(kind) = kind.filter(|kind| kind != "sgd") {
            return Err(format!("it is timed with sgd only, got the optimizer {kind}").into());
        }
        let sgd = serde_json::from_value(optimizer);
        sgd.map_err(|error| format!("it is timed with plain sgd only: {error}").into())
    }

    /// Returns the layers in the order they run.
    ///
    /// # Errors
    ///
    /// For a layer, or a setting of one, that these peers don't build.
    pub fn layers(&self) -> Outcome<Vec<Layer>> {
        let Net { channels, block, body, head } = &self.net;
        if block.activation.as_deref().is_some_and(|name| name != "relu") {
            return Err("it is timed with ReLU only".into());
        }
        let (mut layers, mut channels) = (vec![], *channels);
        for layer in body.iter().chain(head) {
            let kind = layer["kind"].as_str().unwrap_or_default();
            let unknown = |error| format!("it is timed without such a `{kind}`: {error}");
            match kind {
                "block" | "conv" => {
                    let window: Window = serde_json::from_value(layer.clone()).map_err(unknown)?;
                    let (from, to) = (channels, window.channels);
                    let bias = if kind == "block" { block.bias } else { window.bias.unwrap_or(true) };
                    let conv =
                        || Layer::Conv { from, to, kernel: window.kernel, padding: window.padding, bias };
                    if kind == "conv" {
                        layers.push(conv());
                    } else {
                        layers.extend(block.order.iter().filter_map(|part| block.part(part, to, conv)));
                    }
                    channels = to;
                }
                "max-pool" | "average-pool" => {
                    let Pool { kernel, .. } = serde_json::from_value(layer.clone()).map_err(unknown)?;
                    layers.push(if kind == "max-pool" {
                        Layer::MaxPool(kernel)
                    } else {
                        Layer::AveragePool(kernel)
                    });
                }
                "flatten" => layers.push(Layer::Flatten),
                other => return Err(format!("it is timed without `{other}` layers only").into()),
            }
        }
        Ok(layers)
    }
}

impl Block {
    /// Returns a part of a block; `None` if it is off.
    fn part(&self, part: &str, channels: usize, conv: impl Fn() -> Layer) -> Option<Layer> {
        let (momentum, epsilon) = (self.norm_momentum.unwrap_or(0.1), self.norm_epsilon.unwrap_or(1e-5));
        match part {
            "conv" => Some(conv()),
            "norm" => (self.norm == "batch").then_some(Layer::Norm { channels, momentum, epsilon }),
            "relu" => Some(Layer::Relu),
            _ => (self.dropout > 0.0).then_some(Layer::Dropout(self.dropout)),
        }
    }
}

/// Training images with mean 0 and deviation 1, and their labels.
pub struct Images {
    /// `[count, channels, size, size]`.
    pub pixels: Vec<f32>,
    pub labels: Vec<u8>,
    pub channels: usize,
    pub size: usize,
}

impl Images {
    fn read(folder: &Path) -> Outcome<Self> {
        let colour = folder.join("train-images-idx4-ubyte");
        let images = if colour.exists() { colour } else { folder.join("train-images-idx3-ubyte") };
        let (shape, bytes) = idx(&images)?;
        let (_, labels) = idx(&folder.join("train-labels-idx1-ubyte"))?;
        let [channels, size] = match shape[..] {
            [_, size, _] => [1, size],
            [_, channels, size, _] => [channels, size],
            _ => return Err(format!("images of {} dimensions", shape.len()).into()),
        };
        let count = bytes.len() as f64;
        let mean = bytes.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let deviation = (bytes.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / count).sqrt();
        let pixels = bytes.iter().map(|&x| ((f64::from(x) - mean) / deviation) as f32).collect();
        Ok(Self { pixels, labels, channels, size })
    }

    /// Returns the pixels and labels of images.
    pub fn batch(&self, indices: &[usize]) -> (Vec<f32>, Vec<u8>) {
        let length = self.channels * self.size * self.size;
        let pixels =
            indices.iter().flat_map(|&i| &self.pixels[i * length..(i + 1) * length]).copied().collect();
        (pixels, indices.iter().map(|&i| self.labels[i]).collect())
    }
}

/// Reads a file of MNIST's format.
fn idx(path: &Path) -> Outcome<(Vec<usize>, Vec<u8>)> {
    let data = std::fs::read(path)?;
    let (head, rest) = data.split_at_checked(4).ok_or("a file of IDX is cut short")?;
    let (sizes, bytes) =
        rest.split_at_checked(4 * usize::from(head[3])).ok_or("a file of IDX is cut short")?;
    let shape =
        sizes.chunks_exact(4).map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize);
    Ok((shape.collect(), bytes.to_vec()))
}

/// A library that trains.
pub trait Peer {
    /// The library's version.
    const VERSION: &'static str;

    /// Builds the net of an experiment.
    fn start(experiment: &Experiment) -> Outcome<Self>
    where
        Self: Sized;

    /// Returns the number of numbers that it learns.
    fn parameters(&self) -> usize;

    /// Makes a step with a batch, and returns its loss.
    fn step(&mut self, images: &Images, indices: &[usize]) -> Outcome<f32>;
}

/// Answers the benchmark until it closes stdin.
///
/// # Errors
///
/// For files that can't be read.
pub fn serve<P: Peer>() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, experiment, folder] = &arguments[..] else {
        return Err("usage: PEER EXPERIMENT.json DATA_DIR".into());
    };
    let experiment: Experiment = serde_json::from_str(&std::fs::read_to_string(experiment)?)?;
    let mut peer = match P::start(&experiment) {
        Ok(peer) => peer,
        Err(error) => {
            answer(&json!({"version": P::VERSION, "error": error.to_string()}))?;
            return Ok(());
        }
    };
    let images = Images::read(Path::new(folder))?;
    answer(&json!({"version": P::VERSION, "parameters": peer.parameters()}))?;
    let (mut random, mut is_warm) = (fastrand::Rng::with_seed(1), false);
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let count: usize =
            line.split(' ').nth(2).ok_or("a line should be VARIANT THREADS IMAGES")?.parse()?;
        let mut pass = |count: usize| -> Outcome<f32> {
            let mut order: Vec<usize> = (0..images.labels.len()).collect();
            random.shuffle(&mut order);
            let mut batches = order[..count.min(order.len())].chunks(experiment.batch_size);
            batches.try_fold(f32::NAN, |_, batch| peer.step(&images, batch))
        };
        let mut timed = || -> Outcome<Value> {
            if !is_warm {
                pass(20 * experiment.batch_size)?;
                is_warm = true;
            }
            let begun = Instant::now();
            let loss = pass(count)?;
            let seconds = begun.elapsed().as_secs_f64();
            Ok(json!({"seconds": seconds, "loss": loss, "peakMemory": peak_memory()}))
        };
        answer(&timed().unwrap_or_else(|error| json!({"error": error.to_string()})))?;
    }
    Ok(())
}

fn answer(value: &Value) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(out.flush()?)
}

/// Returns the peak memory of this process in bytes.
fn peak_memory() -> u64 {
    // SAFETY: `rusage` is plain numbers, and getrusage fills the one it is given.
    let usage = unsafe {
        let mut usage = std::mem::zeroed::<libc::rusage>();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    usage.ru_maxrss as u64 * unit
}
