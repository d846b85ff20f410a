//! Times training passes of a step in burn, on its backend `flex`.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::pool::{AvgPool2d, AvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, PaddingConfig2d, Relu};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rust_peers::{Experiment, Images, Layer, Outcome, Peer, serve};

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a module can't be boxed
enum Part {
    Conv(Conv2d),
    Norm(BatchNorm),
    Relu(Relu),
    Dropout(Dropout),
    MaxPool(MaxPool2d),
    AveragePool(AvgPool2d),
}

#[derive(Module, Debug)]
struct Net {
    parts: Vec<Part>,
}

impl Part {
    /// Builds a layer; `None` for `flatten`, since every net is flattened at its end.
    fn build(layer: &Layer, device: &Device) -> Option<Self> {
        Some(match *layer {
            Layer::Conv { from, to, kernel, padding, bias } => {
                let config = Conv2dConfig::new([from, to], [kernel; 2]).with_bias(bias);
                let padding = PaddingConfig2d::Explicit(padding, padding, padding, padding);
                Self::Conv(config.with_padding(padding).init(device))
            }
            Layer::Norm { channels, momentum, epsilon } => {
                let config = BatchNormConfig::new(channels).with_momentum(momentum).with_epsilon(epsilon);
                Self::Norm(config.init(device))
            }
            Layer::Relu => Self::Relu(Relu::new()),
            Layer::Dropout(share) => Self::Dropout(DropoutConfig::new(share).init()),
            Layer::MaxPool(kernel) => Self::MaxPool(MaxPool2dConfig::new([kernel; 2]).init()),
            Layer::AveragePool(kernel) => Self::AveragePool(AvgPool2dConfig::new([kernel; 2]).init()),
            Layer::Flatten => return None,
        })
    }

    /// Counts what it learns: `num_params` of a norm counts its running statistics too.
    fn parameters(&self) -> usize {
        match self {
            Self::Conv(conv) => conv.num_params(),
            Self::Norm(norm) => norm.gamma.num_params() + norm.beta.num_params(),
            _ => 0,
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Conv(conv) => conv.forward(x),
            Self::Norm(norm) => norm.forward(x),
            Self::Relu(relu) => relu.forward(x),
            Self::Dropout(dropout) => dropout.forward(x),
            Self::MaxPool(pool) => pool.forward(x),
            Self::AveragePool(pool) => pool.forward(x),
        }
    }
}

struct Burn {
    device: Device,
    net: Option<Net>,
    optimizer: ModuleOptimizer,
    parameters: usize,
}

impl Peer for Burn {
    const VERSION: &'static str = "0.22.0";

    fn start(experiment: &Experiment) -> Outcome<Self> {
        let device = Device::flex().autodiff();
        let layers = experiment.layers()?;
        let after_flatten = layers.iter().skip_while(|layer| !matches!(layer, Layer::Flatten)).skip(1);
        if after_flatten.count() > 0 {
            return Err("it is timed without layers after `flatten` only".into());
        }
        let net = Net { parts: layers.iter().filter_map(|layer| Part::build(layer, &device)).collect() };
        let sgd = experiment.sgd()?;
        let mut config = SgdConfig::new();
        if sgd.momentum > 0.0 {
            let momentum = MomentumConfig::new().with_momentum(sgd.momentum).with_dampening(0.0);
            config = config.with_momentum(Some(momentum.with_nesterov(sgd.nesterov)));
        }
        if sgd.weight_decay > 0.0 {
            config = config.with_weight_decay(Some(WeightDecayConfig::new(sgd.weight_decay as f32)));
        }
        let parameters = net.parts.iter().map(Part::parameters).sum();
        Ok(Self { device, net: Some(net), optimizer: config.init(), parameters })
    }

    fn parameters(&self) -> usize {
        self.parameters
    }

    fn step(&mut self, images: &Images, indices: &[usize]) -> Outcome<f32> {
        let net = self.net.take().ok_or("an earlier step failed")?;
        let (pixels, labels) = images.batch(indices);
        let shape = [indices.len(), images.channels, images.size, images.size];
        let x = Tensor::<4>::from_data(TensorData::new(pixels, shape), &self.device);
        let labels: Vec<i32> = labels.into_iter().map(i32::from).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [indices.len()]), &self.device);
        let logits = net.parts.iter().fold(x, |x, part| part.forward(x)).flatten::<2>(1, 3);
        let loss = CrossEntropyLossConfig::new().init(&self.device).forward(logits, labels);
        let value = loss.clone().into_scalar::<f32>();
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        self.net = Some(self.optimizer.step(0.01, net, gradients));
        Ok(value)
    }
}

fn main() -> Outcome<()> {
    serve::<Burn>()
}
