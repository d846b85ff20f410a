use napi::Either;
use napi_derive::napi;

use crate::{Failure, Net, guarded};

/// A net's layers.
#[napi(object)]
pub struct Summary {
    /// One row a layer, in order; a block with all its parts is one.
    pub rows: Vec<SummaryRow>,
    /// How many numbers it learns.
    pub parameters: f64,
}

/// One layer: its shapes, and how far it sees.
#[napi(object)]
pub struct SummaryRow {
    /// The layer's place, such as `body.0`.
    pub layer: String,
    /// What it does, such as `conv 3x3 + norm + relu`.
    pub operation: String,
    /// Height and width that it is given.
    pub size_in: f64,
    /// Channels that it is given.
    pub channels_in: f64,
    /// Channels that it makes.
    pub channels_out: f64,
    /// Zeros added on each side.
    pub padding: f64,
    /// Height and width of its window.
    pub kernel: f64,
    /// Distance between windows.
    pub stride: f64,
    /// Height and width that it makes.
    pub size_out: f64,
    /// Distance in pixels between neighbours before it.
    pub jump_in: f64,
    /// Distance in pixels between neighbours after it.
    pub jump_out: f64,
    /// Pixels on a side that one value before it sees.
    pub field_in: f64,
    /// Pixels on a side that one value after it sees.
    pub field_out: f64,
    /// Activations that it is given: `sizeIn * sizeIn * channelsIn`.
    pub activations: f64,
    /// Numbers that it learns, its norm's included.
    pub parameters: f64,
}

/// Works a net out and reports its layers. Takes less than a millisecond, on the calling thread.
#[napi]
pub fn summarize(net: Net) -> Either<Summary, Failure> {
    match guarded(|| stepladder_trainer::summarize(&net.try_into()?)) {
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
        }
    }
}
