use serde::{Deserialize, Serialize};

/// The pixels outside an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fill {
    /// Of one colour.
    Colour(Colour),
    /// Each like the nearest pixel inside.
    Edge,
}

impl Default for Fill {
    fn default() -> Self {
        Self::Colour(Colour::default())
    }
}

impl Fill {
    /// Returns the colour as [`Colour::levels`] does; `None` for the edges'.
    pub(super) fn levels(self, channels: usize) -> Option<[f32; 3]> {
        match self {
            Self::Colour(colour) => Some(colour.levels(channels)),
            Self::Edge => None,
        }
    }
}

impl TryFrom<String> for Fill {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "edge" {
            return Ok(Self::Edge);
        }
        let expected =
            || format!("unknown fill `{text}`, expected one of `black`, `white`, `edge`, `#rrggbb`");
        Colour::parse(&text).map(Self::Colour).ok_or_else(expected)
    }
}

impl From<Fill> for String {
    fn from(fill: Fill) -> Self {
        match fill {
            Fill::Edge => "edge".into(),
            Fill::Colour(colour) => colour.into(),
        }
    }
}

/// Red, green and blue; black by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour([u8; 3]);

/// The weights of red, green and blue in the grey of a colour (ITU-R BT.601).
const LUMA: [f32; 3] = [0.299, 0.587, 0.114];

impl Colour {
    /// Returns the value of each channel, from 0 to 1; for images of one channel the colour's grey.
    pub(super) fn levels(self, channels: usize) -> [f32; 3] {
        let levels = self.0.map(|level| f32::from(level) / 255.0);
        let is_grey = levels[0] == levels[1] && levels[1] == levels[2];
        if channels == 3 || is_grey {
            return levels;
        }
        [levels.iter().zip(LUMA).map(|(level, share)| level * share).sum(); 3]
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "black" => return Some(Self([0; 3])),
            "white" => return Some(Self([255; 3])),
            _ => {}
        }
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
        let level = |index: usize| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok();
        // A sign would be a number, too.
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then_some(Self([level(0)?, level(1)?, level(2)?]))
    }
}

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let expected = || format!("unknown colour `{text}`, expected one of `black`, `white`, `#rrggbb`");
        Self::parse(&text).ok_or_else(expected)
    }
}

impl From<Colour> for String {
    fn from(Colour(levels): Colour) -> Self {
        match levels {
            [0, 0, 0] => "black".into(),
            [255, 255, 255] => "white".into(),
            [red, green, blue] => format!("#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_written_as_a_step_has_them() {
        for text in ["black", "white", "edge", "#0a80ff"] {
            let fill = Fill::try_from(text.to_owned()).unwrap();
            assert_eq!(String::from(fill), text);
        }
        for wrong in ["", "red", "#12345", "#+1+2+3", "#1234567", "#ä123"] {
            assert!(Fill::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_grey_image_takes_the_grey_of_a_colour() {
        let levels = |text: &str, channels| Colour::try_from(text.to_owned()).unwrap().levels(channels);
        assert_eq!(levels("white", 1), [1.0; 3]);
        assert_eq!(levels("#ff0000", 3), [1.0, 0.0, 0.0]);
        assert_eq!(levels("#ff0000", 1), [0.299; 3]);
    }
}
