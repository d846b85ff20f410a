use std::path::Path;

use napi::bindgen_prelude::{AsyncTask, Float32Array};
use napi::{Either, Env, Task};
use napi_derive::napi;
use stepladder_trainer as trainer;
use stepladder_trainer::TrainError;
use stepladder_trainer::net::{Op, Plan};

use crate::{Failure, guarded};

/// All that a model file has: the net, how its images are prepared, its graph and its tensors.
#[napi(object, object_from_js = false)]
pub struct ModelContents {
    /// The net as a step says it, as JSON.
    pub net: String,
    /// Mean of all pixels of the training images, from 0 to 1.
    pub mean: f64,
    /// Standard deviation of all pixels of the training images.
    pub deviation: f64,
    /// The names of the classes, in the order of their labels; fewer than the net has where the others have none.
    pub class_names: Vec<String>,
    /// The form of its training images: `mnist-digits`, or `null` where the model file has none.
    pub image_form: Option<String>,
    /// How the images that it learned were brought to a square, as JSON; `null` where unknown.
    pub image_preparation: Option<String>,
    /// `[channels, height, width]` of the images.
    pub images: Vec<f64>,
    /// Its operations, in topological order. Value 0 is the images, value n the output of node n - 1.
    pub nodes: Vec<GraphNode>,
    /// The value that the net computes: a logit a class.
    pub output: f64,
    /// Every tensor of the file, in the order of the net.
    pub tensors: Vec<Tensor>,
}

/// An operation on values.
#[napi(object, object_from_js = false)]
pub struct GraphNode {
    /// Path of the layer that it belongs to, such as `body.0`.
    pub layer: String,
    /// Its computation.
    pub op: GraphOp,
    /// The values that it reads.
    pub inputs: Vec<f64>,
    /// `[channels, height, width]` of its output.
    pub shape: Vec<f64>,
    /// The lowest and the highest number of its output, with 0 between them, by which it was rounded to a byte in training; `null` if
    /// it was not.
    pub range: Option<Vec<f64>>,
}

/// A tensor of a model file.
#[napi(object, object_from_js = false)]
pub struct Tensor {
    /// Its name in the file, such as `body.0.conv.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<f64>,
    /// Its numbers, the last axis the fastest.
    pub values: Float32Array,
}

/// The computation of a node, in evaluation. Tensors are named as in the model file; windows are as in PyTorch.
#[napi(object_from_js = false, discriminant = "kind", discriminant_case = "kebab-case")]
pub enum GraphOp {
    /// A convolution with weights `[out, in / groups, kernel, kernel]` and a bias `[out]`, padded with zeros.
    Conv {
        weight: String,
        bias: Option<String>,
        kernel: f64,
        stride: f64,
        padding: f64,
        dilation: f64,
        groups: f64,
    },
    /// `(x - mean) / sqrt(variance + epsilon) * weight + bias`, each `[channels]`.
    BatchNorm { weight: String, bias: String, mean: String, variance: String, epsilon: f64 },
    /// `relu`, `leaky-relu` (slope 0.01), `elu`, `relu6`, `hard-swish`, `silu` or `gelu`.
    Activation { name: String },
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// The identity in evaluation.
    Dropout { probability: f64 },
    /// The largest value of each window; padding is ignored.
    MaxPool { kernel: f64, stride: f64, padding: f64 },
    /// The mean of each window; padding counts as zeros.
    AveragePool { kernel: f64, stride: f64, padding: f64 },
    /// The mean of each channel, `[C, 1, 1]`.
    GlobalAveragePool,
    /// `[C, H, W]` to `[C * H * W, 1, 1]`.
    Flatten,
    /// The sum of two inputs of one shape.
    Add,
    /// The channels of all inputs, one input after another.
    Concat,
    /// The first input, each channel times a value of the second, `[C, 1, 1]`.
    Scale,
}

/// Reads all that a model file has, on a thread of libuv's pool.
#[napi(ts_return_type = "Promise<ModelContents | Failure>")]
pub fn read_model(path: String) -> AsyncTask<ReadingModel> {
    AsyncTask::new(ReadingModel { path })
}

/// The task of [`read_model`].
pub struct ReadingModel {
    path: String,
}

impl Task for ReadingModel {
    type Output = Result<ModelContents, Failure>;
    type JsValue = Either<ModelContents, Failure>;

    fn compute(&mut self) -> napi::Result<Self::Output> {
        Ok(guarded(|| contents(&trainer::Model::load(Path::new(&self.path))?)))
    }

    fn resolve(&mut self, _env: Env, output: Self::Output) -> napi::Result<Self::JsValue> {
        Ok(match output {
            Ok(contents) => Either::A(contents),
            Err(failure) => Either::B(failure),
        })
    }
}

fn contents(model: &trainer::Model) -> Result<ModelContents, TrainError> {
    let plan = model.plan();
    let net = serde_json::to_string(model.net()).map_err(|error| TrainError::Internal(error.to_string()))?;
    let tensors = model.weights().named(plan).map(|(name, shape, values)| Tensor {
        name,
        shape: numbers(&shape),
        values: values.to_vec().into(),
    });
    let graph = &plan.graph;
    let nodes = graph.nodes().map(|(_, node)| GraphNode {
        layer: node.layer.clone(),
        op: op(plan, node.op),
        inputs: node.inputs.iter().map(|input| input.index() as f64).collect(),
        shape: numbers(&node.shape),
        range: node.range.map(|range| {
            let numbers = &model.weights().statistics[plan.ranges[range].range.clone()];
            numbers.iter().map(|&number| number.into()).collect()
        }),
    });
    Ok(ModelContents {
        net,
        mean: model.normalisation().mean,
        deviation: model.normalisation().deviation,
        class_names: model.class_names().to_vec(),
        image_form: model.image_form().map(Into::into),
        image_preparation: model.image_preparation().map(Into::into),
        images: numbers(&graph.shape(trainer::net::ValueId::IMAGES)),
        nodes: nodes.collect(),
        output: graph.output().index() as f64,
        tensors: tensors.collect(),
    })
}

fn op(plan: &Plan, op: Op) -> GraphOp {
    let parameter = |index: usize| plan.parameters[index].name.clone();
    match op {
        Op::Conv { weight, bias, window, groups } => GraphOp::Conv {
            weight: parameter(weight),
            bias: bias.map(parameter),
            kernel: window.kernel as f64,
            stride: window.stride as f64,
            padding: window.padding as f64,
            dilation: window.dilation as f64,
            groups: groups as f64,
        },
        Op::BatchNorm { weight, bias, statistics, momentum: _, epsilon } => {
            let name = &plan.statistics[statistics].name;
            GraphOp::BatchNorm {
                weight: parameter(weight),
                bias: parameter(bias),
                mean: format!("{name}.running_mean"),
                variance: format!("{name}.running_var"),
                epsilon,
            }
        }
        Op::Activation(activation) => GraphOp::Activation { name: activation.name().into() },
        Op::Sigmoid => GraphOp::Sigmoid,
        Op::Dropout { probability, index: _ } => GraphOp::Dropout { probability },
        Op::MaxPool(window) => GraphOp::MaxPool {
            kernel: window.kernel as f64,
            stride: window.stride as f64,
            padding: window.padding as f64,
        },
        Op::AveragePool(window) => GraphOp::AveragePool {
            kernel: window.kernel as f64,
            stride: window.stride as f64,
            padding: window.padding as f64,
        },
        Op::GlobalAveragePool => GraphOp::GlobalAveragePool,
        Op::Flatten => GraphOp::Flatten,
        Op::Add => GraphOp::Add,
        Op::Concat => GraphOp::Concat,
        Op::Scale => GraphOp::Scale,
    }
}

fn numbers(shape: &[usize]) -> Vec<f64> {
    shape.iter().map(|&length| length as f64).collect()
}
