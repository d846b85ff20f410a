use tch::{Device, Kind, Reduction, Tensor, no_grad};

use super::{Engine, EngineName, NORM_EPSILON, NORM_MOMENTUM};
use crate::TrainError;
use crate::data::Batch;
use crate::metric::Score;
use crate::net::{Op, Plan, PlannedOp, Shape, Weights};
use crate::random::{Stream, drop_threshold, mask_bits};

/// The reference engine: libtorch's operations and autograd, on the CPU or on CUDA, in the precision of the weights.
#[derive(Debug)]
pub struct Aten {
    plan: Plan,
    label_smoothing: f64,
    device: Device,
    gradients: Vec<Tensor>,
}

/// How a forward pass treats norms and dropouts.
enum Mode<'a> {
    Training { samples: &'a [u32], dropout: Stream },
    Evaluation,
}

impl Aten {
    /// An engine for a plan; its weights are expected on the same device.
    #[must_use]
    pub fn new(plan: &Plan, label_smoothing: f64, device: Device) -> Self {
        Self { plan: plan.clone(), label_smoothing, device, gradients: vec![] }
    }

    /// The shape that each operation really made of one blank image.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] where libtorch fails.
    pub fn trace(&self, weights: &Weights) -> Result<Vec<Shape>, TrainError> {
        let mut shapes = vec![];
        let _logits = no_grad(|| {
            let blank = self.images(&vec![0.0; self.plan.ops[0].input.iter().product()], weights)?;
            self.forward(blank, &weights.parameters, &weights.statistics, &Mode::Evaluation, |size| {
                shapes.push([size[1], size[2], size[3]].map(|n| n as usize));
            })
        })?;
        Ok(shapes)
    }

    fn images(&self, images: &[f32], weights: &Weights) -> Result<Tensor, TrainError> {
        let [channels, height, width] = self.plan.ops[0].input.map(|n| n as i64);
        let images = Tensor::f_from_slice(images)?.f_view([-1, channels, height, width])?;
        let kind = weights.parameters.first().map_or(Kind::Float, Tensor::kind);
        Ok(images.f_to_kind(kind)?.f_to_device(self.device)?)
    }

    /// Images `[N, C, H, W]` to logits `[N, classes]`; `seen` is told the shape after each operation.
    fn forward(
        &self,
        images: Tensor,
        parameters: &[Tensor],
        statistics: &[[Tensor; 2]],
        mode: &Mode,
        mut seen: impl FnMut(&[i64]),
    ) -> Result<Tensor, TrainError> {
        let mut x = images;
        for planned in &self.plan.ops {
            x = self.apply(planned, &x, parameters, statistics, mode)?;
            seen(&x.size());
        }
        Ok(x.f_flatten(1, -1)?)
    }

    fn apply(
        &self,
        planned: &PlannedOp,
        x: &Tensor,
        parameters: &[Tensor],
        statistics: &[[Tensor; 2]],
        mode: &Mode,
    ) -> Result<Tensor, TrainError> {
        Ok(match planned.op {
            Op::Conv { weight, bias, padding, .. } => {
                let bias = bias.map(|b| &parameters[b]);
                x.f_conv2d(&parameters[weight], bias, [1, 1], [padding as i64; 2], [1, 1], 1)?
            }
            Op::BatchNorm { weight, bias, statistics: index } => {
                let training = matches!(mode, Mode::Training { .. });
                let [mean, variance] = &statistics[index];
                // One value a channel has no variance: an unbiased estimate of it would be 0 / 0.
                let keep = training && x.numel() == planned.output[0];
                x.f_batch_norm(
                    Some(&parameters[weight]),
                    Some(&parameters[bias]),
                    (!keep).then_some(mean),
                    (!keep).then_some(variance),
                    training,
                    NORM_MOMENTUM,
                    NORM_EPSILON,
                    true,
                )?
            }
            Op::Relu => x.f_relu()?,
            Op::Dropout { probability, index } => match mode {
                Mode::Evaluation => x.shallow_clone(),
                Mode::Training { samples, dropout } => {
                    x.f_mul(&self.mask(planned.output, samples, *dropout, index, probability)?)?
                }
            },
            Op::MaxPool { kernel } => {
                let kernel = [kernel as i64; 2];
                x.f_max_pool2d(kernel, kernel, [0, 0], [1, 1], false)?
            }
            Op::AveragePool { kernel } => {
                let kernel = [kernel as i64; 2];
                x.f_avg_pool2d(kernel, kernel, [0, 0], false, true, None::<i64>)?
            }
            Op::Flatten => x.f_view([-1, planned.output[0] as i64, 1, 1])?,
        })
    }

    /// 0 where an activation is dropped, `1 / (1 - probability)` elsewhere, `[N, C, H, W]`.
    fn mask(
        &self,
        shape: Shape,
        samples: &[u32],
        dropout: Stream,
        layer: usize,
        probability: f64,
    ) -> Result<Tensor, TrainError> {
        let activations = shape.iter().product::<usize>();
        let threshold = drop_threshold(probability);
        let kept = (1.0 / (1.0 - probability)) as f32;
        let mut mask = vec![0.0_f32; samples.len() * activations];
        for (row, &sample) in mask.chunks_exact_mut(activations).zip(samples) {
            let key = dropout.at(u64::from(sample)).at(layer as u64).mask_key();
            for (position, value) in row.iter_mut().enumerate() {
                *value = if mask_bits(key, position as u32) < threshold { 0.0 } else { kept };
            }
        }
        let [channels, height, width] = shape.map(|n| n as i64);
        Ok(Tensor::f_from_slice(&mask)?.f_view([-1, channels, height, width])?.f_to_device(self.device)?)
    }
}

impl Engine for Aten {
    fn name(&self) -> EngineName {
        EngineName::Aten
    }

    fn learn(&mut self, weights: &mut Weights, batch: &Batch, dropout: Stream) -> Result<Score, TrainError> {
        // Leaves of this batch's graph: they share the weights' memory.
        let leaves = weights
            .parameters
            .iter()
            .map(|p| Ok(p.f_detach()?.f_set_requires_grad(true)?))
            .collect::<Result<Vec<_>, TrainError>>()?;
        let mode = Mode::Training { samples: &batch.samples, dropout };
        let logits =
            self.forward(self.images(&batch.images, weights)?, &leaves, &weights.statistics, &mode, |_| {})?;
        let labels = Tensor::f_from_slice(&batch.labels)?.f_to_kind(Kind::Int64)?; // cross entropy wants i64
        let loss = logits.f_cross_entropy_loss(
            &labels.f_to_device(self.device)?,
            None::<&Tensor>,
            Reduction::Mean,
            -100, // PyTorch's default: no label is ignored
            self.label_smoothing,
        )?;
        self.gradients = Tensor::f_run_backward(&[&loss], &leaves, false, false)?
            .iter()
            .map(Tensor::f_contiguous)
            .collect::<Result<_, _>>()?;
        let total = batch.labels.len();
        let correct = Score::of(&to_vec(&logits)?, &batch.labels).correct;
        // Waits for the device.
        let loss = f64::try_from(&loss)?;
        Ok(Score { loss_sum: loss * total as f64, correct, total })
    }

    fn gradients(&self) -> &[Tensor] {
        &self.gradients
    }

    fn logits(&mut self, weights: &Weights, images: &[f32]) -> Result<Vec<f32>, TrainError> {
        no_grad(|| {
            let images = self.images(images, weights)?;
            let logits =
                self.forward(images, &weights.parameters, &weights.statistics, &Mode::Evaluation, |_| {})?;
            to_vec(&logits)
        })
    }
}

fn to_vec(tensor: &Tensor) -> Result<Vec<f32>, TrainError> {
    let tensor = tensor.f_detach()?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut values = vec![0.0; tensor.numel()];
    tensor.f_copy_data(&mut values, tensor.numel())?;
    Ok(values)
}
