use napi::Either;
use napi_derive::napi;

use crate::experiment::Plain;
use crate::{Failure, guarded};

/// A net's layers.
#[napi(object)]
pub struct Summary {
    /// One row a layer, each before those within it; a block with all its parts is one, as is a layer that is repeated.
    pub rows: Vec<SummaryRow>,
    /// Number of parameters.
    pub parameters: f64,
}

/// One layer: its shapes and its receptive field.
#[napi(object)]
pub struct SummaryRow {
    /// The layer's path, such as `body.0`.
    pub layer: String,
    /// How many layers it is within.
    pub depth: f64,
    /// Its operation, such as `conv 3x3 + norm + relu`.
    pub operation: String,
    /// Height and width of its input.
    pub size_in: f64,
    /// Channels of its input.
    pub channels_in: f64,
    /// Channels of its output.
    pub channels_out: f64,
    /// Zeros added on each side.
    pub padding: f64,
    /// Height and width of its window.
    pub kernel: f64,
    /// Distance between windows.
    pub stride: f64,
    /// Height and width of its output.
    pub size_out: f64,
    /// Distance in pixels between neighbouring values of its input.
    pub jump_in: f64,
    /// Distance in pixels between neighbouring values of its output.
    pub jump_out: f64,
    /// Receptive field of a value of its input: pixels on a side.
    pub field_in: f64,
    /// Receptive field of a value of its output: pixels on a side.
    pub field_out: f64,
    /// Values of its input: `sizeIn * sizeIn * channelsIn`.
    pub activations: f64,
    /// Its parameters, those of its norm included.
    pub parameters: f64,
    /// Multiply-adds of its convolutions for one image, each repetition included.
    pub multiply_adds: f64,
}

/// Infers the shapes of a net and returns its layers. Takes less than a millisecond, on the calling thread.
#[napi]
pub fn summarize(#[napi(ts_arg_type = "object")] net: Plain) -> Either<Summary, Failure> {
    match guarded(|| stepladder_trainer::summarize(&net.parse("net")?)) {
        Ok(summary) => Either::A(summary.into()),
        Err(failure) => Either::B(failure),
    }
}

impl From<stepladder_trainer::Summary> for Summary {
    fn from(summary: stepladder_trainer::Summary) -> Self {
        let rows = summary.rows.into_iter().map(SummaryRow::from).collect();
        Self { rows, parameters: summary.parameters as f64 }
    }
}

impl From<stepladder_trainer::SummaryRow> for SummaryRow {
    fn from(row: stepladder_trainer::SummaryRow) -> Self {
        Self {
            layer: row.layer,
            depth: row.depth as f64,
            operation: row.operation,
            size_in: row.size_in as f64,
            channels_in: row.channels_in as f64,
            channels_out: row.channels_out as f64,
            padding: row.padding as f64,
            kernel: row.kernel as f64,
            stride: row.stride as f64,
            size_out: row.size_out as f64,
            jump_in: row.jump_in as f64,
            jump_out: row.jump_out as f64,
            field_in: row.field_in as f64,
            field_out: row.field_out as f64,
            activations: row.activations as f64,
            parameters: row.parameters as f64,
            multiply_adds: row.multiply_adds as f64,
        }
    }
}
