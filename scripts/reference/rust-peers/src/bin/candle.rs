//! Times training passes of a step in candle. Its SGD has no momentum, so that is written out.

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, ModuleT, VarBuilder, VarMap};
use rust_peers::{Experiment, Images, Layer, Outcome, Peer, Sgd, serve};

enum Module {
    Conv(Conv2d),
    Norm(BatchNorm),
    Relu,
    Dropout(f32),
    MaxPool(usize),
    AveragePool(usize),
    Flatten,
}

impl Module {
    fn build(layer: &Layer, weights: VarBuilder) -> Outcome<Self> {
        Ok(match *layer {
            Layer::Conv { from, to, kernel, padding, bias } => {
                let config = Conv2dConfig { padding, ..Default::default() };
                let build = if bias { candle_nn::conv2d } else { candle_nn::conv2d_no_bias };
                Self::Conv(build(from, to, kernel, config, weights)?)
            }
            Layer::Norm { channels, momentum, epsilon } => {
                let config = BatchNormConfig { eps: epsilon, momentum, ..Default::default() };
                Self::Norm(candle_nn::batch_norm(channels, config, weights)?)
            }
            Layer::Relu => Self::Relu,
            Layer::Dropout(share) => Self::Dropout(share as f32),
            Layer::MaxPool(kernel) => Self::MaxPool(kernel),
            Layer::AveragePool(kernel) => Self::AveragePool(kernel),
            Layer::Flatten => Self::Flatten,
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Self::Conv(conv) => conv.forward_t(x, true),
            Self::Norm(norm) => norm.forward_t(x, true),
            Self::Relu => x.relu(),
            Self::Dropout(share) => candle_nn::ops::dropout(x, *share),
            Self::MaxPool(kernel) => x.max_pool2d(*kernel),
            Self::AveragePool(kernel) => x.avg_pool2d(*kernel),
            Self::Flatten => x.flatten_from(1),
        }
    }
}

struct Candle {
    modules: Vec<Module>,
    /// Each parameter with its velocity.
    parameters: Vec<(Var, Option<Tensor>)>,
    sgd: Sgd,
}

impl Peer for Candle {
    const VERSION: &'static str = "0.11.1";

    fn start(experiment: &Experiment) -> Outcome<Self> {
        let map = VarMap::new();
        let weights = VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu);
        let layers = experiment.layers()?;
        let modules = layers.iter().enumerate().map(|(i, layer)| Module::build(layer, weights.pp(i)));
        let modules = modules.collect::<Outcome<_>>()?;
        let named = map.data().lock().map_err(|_| "a lock is poisoned")?.clone();
        let learned = named.into_iter().filter(|(name, _)| !name.contains("running_"));
        let parameters = learned.map(|(_, var)| (var, None)).collect();
        Ok(Self { modules, parameters, sgd: experiment.sgd()? })
    }

    fn parameters(&self) -> usize {
        self.parameters.iter().map(|(var, _)| var.elem_count()).sum()
    }

    fn step(&mut self, images: &Images, indices: &[usize]) -> Outcome<f32> {
        let (pixels, labels) = images.batch(indices);
        let shape = (indices.len(), images.channels, images.size, images.size);
        let x = Tensor::from_vec(pixels, shape, &Device::Cpu)?;
        let logits = self.modules.iter().try_fold(x, |x, module| module.forward(&x))?.flatten_from(1)?;
        let labels = labels.into_iter().map(u32::from).collect();
        let loss =
            candle_nn::loss::cross_entropy(&logits, &Tensor::from_vec(labels, indices.len(), &Device::Cpu)?)?;
        let gradients = loss.backward()?;
        let Sgd { momentum, nesterov, weight_decay } = self.sgd;
        for (var, velocity) in &mut self.parameters {
            let Some(gradient) = gradients.get(var.as_tensor()) else { continue };
            let gradient = (gradient.detach() + (var.as_detached_tensor() * weight_decay)?)?;
            let next = match velocity.take() {
                None => gradient.clone(),
                Some(velocity) => ((velocity * momentum)? + &gradient)?,
            };
            let change = if nesterov { (gradient + (&next * momentum)?)? } else { next.clone() };
            var.set(&(var.as_detached_tensor() - (change * 0.01)?)?)?;
            *velocity = Some(next);
        }
        Ok(loss.to_scalar()?)
    }
}

fn main() -> Outcome<()> {
    serve::<Candle>()
}
