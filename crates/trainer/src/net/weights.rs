use tch::{Device, Kind, Tensor};

use super::{Init, Plan};
use crate::TrainError;
use crate::random::{Purpose, Stream};

/// The numbers of a net: what it learns, and the statistics its norms keep. In the order of the [`Plan`].
#[derive(Debug)]
pub struct Weights {
    /// f32, contiguous, shaped as the plan says.
    pub parameters: Vec<Tensor>,
    /// Running mean and variance of each norm, f32 `[channels]`.
    pub statistics: Vec<[Tensor; 2]>,
}

impl Weights {
    /// PyTorch's default initialisation, drawn from this project's own streams.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] when the device has no room.
    pub fn init(plan: &Plan, seed: u64, device: Device) -> Result<Self, TrainError> {
        let stream = Stream::new(seed, Purpose::Weights);
        let parameters = plan
            .parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                let values =
                    initial(parameter.init, parameter.shape.iter().product(), stream.at(index as u64));
                Ok(Tensor::f_from_slice(&values)?
                    .f_view(parameter.sizes().as_slice())?
                    .f_to_device(device)?)
            })
            .collect::<Result<_, TrainError>>()?;
        let statistics = plan
            .statistics
            .iter()
            .map(|norm| {
                let channels = norm.channels as i64;
                let options = (Kind::Float, device);
                Ok([Tensor::f_zeros([channels], options)?, Tensor::f_ones([channels], options)?])
            })
            .collect::<Result<_, TrainError>>()?;
        Ok(Self { parameters, statistics })
    }

    /// Every tensor with its name in a model file.
    #[must_use]
    pub fn named<'a>(&'a self, plan: &'a Plan) -> Vec<(String, &'a Tensor)> {
        let parameters = plan.parameters.iter().map(|p| p.name.clone()).zip(&self.parameters);
        let statistics = plan.statistics.iter().zip(&self.statistics).flat_map(|(norm, [mean, variance])| {
            [(format!("{}.running_mean", norm.name), mean), (format!("{}.running_var", norm.name), variance)]
        });
        parameters.chain(statistics).collect()
    }

    /// Every tensor with its name in a model file, to change in place.
    pub(crate) fn named_mut<'a>(
        &'a mut self,
        plan: &'a Plan,
    ) -> impl Iterator<Item = (String, &'a mut Tensor)> {
        let names: Vec<String> = self.named(plan).into_iter().map(|(name, _)| name).collect();
        names.into_iter().zip(self.tensors_mut())
    }

    /// Every tensor, in the order of [`named`](Self::named).
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.parameters.iter().chain(self.statistics.iter().flatten())
    }

    /// Every tensor, to change in place.
    pub(crate) fn tensors_mut(&mut self) -> impl Iterator<Item = &mut Tensor> {
        self.parameters.iter_mut().chain(self.statistics.iter_mut().flatten())
    }

    /// A copy that shares no memory.
    ///
    /// # Errors
    ///
    /// [`TrainError::Torch`] when the device has no room.
    pub fn copy(&self) -> Result<Self, TrainError> {
        let copy = |tensor: &Tensor| {
            let mut copy = tensor.f_empty_like()?;
            copy.f_copy_(tensor)?;
            Ok::<_, TrainError>(copy)
        };
        Ok(Self {
            parameters: self.parameters.iter().map(copy).collect::<Result<_, _>>()?,
            statistics: self
                .statistics
                .iter()
                .map(|[mean, variance]| Ok([copy(mean)?, copy(variance)?]))
                .collect::<Result<_, TrainError>>()?,
        })
    }
}

fn initial(init: Init, count: usize, stream: Stream) -> Vec<f32> {
    match init {
        Init::FanIn(fan_in) => {
            let bound = 1.0 / (fan_in as f64).sqrt();
            (0..count as u64).map(|i| stream.uniform(i, -bound, bound) as f32).collect()
        }
        Init::Ones => vec![1.0; count],
        Init::Zeros => vec![0.0; count],
    }
}
