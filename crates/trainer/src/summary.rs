use crate::TrainError;
use crate::net::{NetSpec, Op, Plan};

/// The layers of a net.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// One row per layer, in order; a block with all its parts is one.
    pub rows: Vec<SummaryRow>,
    /// Number of parameters.
    pub parameters: usize,
}

/// One layer: its shapes and its receptive field.
///
/// With `jump` the distance in pixels between neighbours and `field` the side of one value's receptive field, in pixels:
/// `jump_out = jump_in * stride` and `field_out = field_in + (kernel - 1) * jump_in` (Araujo, Norris and Sim 2019,
/// "Computing Receptive Fields of Convolutional Neural Networks").
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRow {
    /// The layer's place, such as `body.0`.
    pub layer: String,
    /// Its operation, such as `conv 3x3 + norm + relu`.
    pub operation: String,
    /// Height and width of its input.
    pub size_in: usize,
    /// Channels of its input.
    pub channels_in: usize,
    /// Channels of its output.
    pub channels_out: usize,
    /// Zeros added on each side.
    pub padding: usize,
    /// Height and width of its window.
    pub kernel: usize,
    /// Distance between windows.
    pub stride: usize,
    /// Height and width of its output.
    pub size_out: usize,
    /// Jump before it.
    pub jump_in: usize,
    /// Jump after it.
    pub jump_out: usize,
    /// Receptive field before it.
    pub field_in: usize,
    /// Receptive field after it.
    pub field_out: usize,
    /// Activations of its input: `size_in * size_in * channels_in`.
    pub activations: usize,
    /// Number of its parameters, those of its norm included.
    pub parameters: usize,
}

/// Infers the shapes of a net and returns its layers; allocates no weights.
///
/// # Errors
///
/// [`TrainError::Setting`] or [`TrainError::Shape`] if it can't be built.
pub fn summarize(net: &NetSpec) -> Result<Summary, TrainError> {
    let plan = Plan::of(net)?;
    let count = |index: usize| plan.parameters[index].range.len();

    let mut rows = vec![];
    let (mut jump, mut field) = (1, 1);
    for layer in plan.ops.chunk_by(|a, b| a.layer == b.layer) {
        let (mut kernel, mut stride, mut padding, mut parameters) = (1, 1, 0, 0);
        let mut names = vec![];
        let (before, after) = (layer[0].input, layer[layer.len() - 1].output);
        for planned in layer {
            names.push(match planned.op {
                Op::Conv { weight, bias, kernel: k, padding: p } => {
                    (kernel, padding) = (k, p);
                    parameters += count(weight) + bias.map_or(0, count);
                    format!("conv {k}x{k}")
                }
                Op::BatchNorm { weight, bias, .. } => {
                    parameters += count(weight) + count(bias);
                    "norm".into()
                }
                Op::Relu => "relu".into(),
                Op::Dropout { probability, .. } => format!("dropout {probability}"),
                Op::MaxPool { kernel: k } => {
                    (kernel, stride) = (k, k);
                    format!("max pool {k}")
                }
                Op::AveragePool { kernel: k } => {
                    (kernel, stride) = (k, k);
                    format!("average pool {k}")
                }
                Op::Flatten => "flatten".into(),
            });
        }
        let row = SummaryRow {
            layer: layer[0].layer.clone(),
            operation: names.join(" + "),
            size_in: before[1],
            channels_in: before[0],
            channels_out: after[0],
            padding,
            kernel,
            stride,
            size_out: after[1],
            jump_in: jump,
            jump_out: jump * stride,
            field_in: field,
            field_out: field + (kernel - 1) * jump,
            activations: before.iter().product(),
            parameters,
        };
        (jump, field) = (row.jump_out, row.field_out);
        rows.push(row);
    }
    Ok(Summary { rows, parameters: plan.parameter_count() })
}
