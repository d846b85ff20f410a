//! Turns an image as its EXIF orientation says.

use crate::{Image, zeros};

/// Rows that are written together: rows that were columns would be read from a cache line each.
const TILE: usize = 32;

/// Turns an image upright; `None` if there is no memory for it.
pub(crate) fn turn(stored: Image) -> Option<Image> {
    match stored.channels {
        1 => turn_pixels::<1>(stored),
        _ => turn_pixels::<3>(stored),
    }
}

fn turn_pixels<const CHANNELS: usize>(stored: Image) -> Option<Image> {
    let Image { samples, width, height, channels, orientation } = stored;
    let [right, bottom] = [width - 1, height - 1];
    // The place in the file of the pixel in a row and column of the upright image.
    let place = |row: usize, column: usize| match orientation {
        2 => [row, right - column],
        3 => [bottom - row, right - column],
        4 => [bottom - row, column],
        5 => [column, row],
        6 => [bottom - column, row],
        7 => [bottom - column, right - row],
        8 => [column, right - row],
        _ => [row, column],
    };
    let [columns, rows] = if orientation >= 5 { [height, width] } else { [width, height] };
    if orientation <= 1 {
        return Some(Image { samples, width, height, channels, orientation });
    }
    let (from, _) = samples.as_chunks::<CHANNELS>();
    let mut turned = zeros(samples.len())?;
    let (pixels, _) = turned.as_chunks_mut::<CHANNELS>();
    for (tile, lines) in pixels.chunks_mut(TILE * columns).enumerate() {
        for column in 0..columns {
            for (row, line) in lines.chunks_exact_mut(columns).enumerate() {
                let [from_row, from_column] = place(tile * TILE + row, column);
                line[column] = from[from_row * width + from_column];
            }
        }
    }
    Some(Image { samples: turned, width: columns, height: rows, channels, orientation })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the EXIF specification: where the file's first row and first column are seen.
    #[test]
    fn the_first_row_and_column_are_where_the_orientation_says() {
        // 0 1 2
        // 3 4 5
        let upright: [(u8, usize, [u8; 6]); 8] = [
            (1, 3, [0, 1, 2, 3, 4, 5]), // top, left
            (2, 3, [2, 1, 0, 5, 4, 3]), // top, right
            (3, 3, [5, 4, 3, 2, 1, 0]), // bottom, right
            (4, 3, [3, 4, 5, 0, 1, 2]), // bottom, left
            (5, 2, [0, 3, 1, 4, 2, 5]), // left, top
            (6, 2, [3, 0, 4, 1, 5, 2]), // right, top
            (7, 2, [5, 2, 4, 1, 3, 0]), // right, bottom
            (8, 2, [2, 5, 1, 4, 0, 3]), // left, bottom
        ];
        for (orientation, width, expected) in upright {
            let stored = Image { samples: (0..6).collect(), width: 3, height: 2, channels: 1, orientation };
            let colours = stored.samples.iter().flat_map(|level| [*level, 10 + level, 20 + level]).collect();
            let grey = turn(stored.clone()).unwrap();
            assert_eq!((grey.width, grey.height), (width, 6 / width), "{orientation}");
            assert_eq!(grey.samples, expected, "{orientation}");
            let turned = turn(Image { samples: colours, channels: 3, ..stored }).unwrap().samples;
            let expected: Vec<u8> =
                expected.iter().flat_map(|level| [*level, 10 + level, 20 + level]).collect();
            assert_eq!(turned, expected, "{orientation}");
        }
    }
}
