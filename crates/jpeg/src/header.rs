//! The segments of a JPEG file that change its pixels and that libjpeg does not read.

/// Conditions of arithmetic coding, which this libjpeg is built without.
const ARITHMETIC: u8 = 0xcc;
const START_OF_SCAN: u8 = 0xda;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;

/// The EXIF tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// Returns the EXIF orientation, 1 for a file without one; `None` if the file has a colour profile, several images,
/// arithmetic coding, or EXIF data that decoders may read in different ways.
pub(crate) fn orientation(file: &[u8]) -> Option<u8> {
    let mut rest = file.get(2..)?;
    let mut found = None;
    loop {
        let (code, content, after) = split_segment(rest)?;
        match code {
            START_OF_SCAN => return Some(found.unwrap_or(1)),
            APP1 if content.starts_with(b"Exif") => {
                if found.is_some() {
                    return None;
                }
                found = Some(exif_orientation(content)?);
            }
            APP2 if content.starts_with(b"ICC_PROFILE") || content.starts_with(b"MPF") => return None,
            ARITHMETIC => return None,
            _ => {}
        }
        rest = after;
    }
}

/// Returns the code and the content of the segment at the beginning, and what follows it.
fn split_segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let fill = bytes.iter().take_while(|byte| **byte == 0xff).count();
    let [code, high, low, ..] = *bytes.get(fill..)? else { return None };
    if fill == 0 || code < 0xc0 || (0xd0..=0xd9).contains(&code) {
        return None; // no marker, or one without a segment
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    let segment = bytes.get(fill + 1..)?;
    Some((code, segment.get(2..length)?, segment.get(length..)?))
}

/// Returns the orientation that the first directory of EXIF data names, or 1 if none does.
fn exif_orientation(segment: &[u8]) -> Option<u8> {
    let tiff = segment.strip_prefix(b"Exif\0\0")?;
    let is_little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| -> Option<u16> {
        let bytes = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    };
    let long = |at: usize| -> Option<usize> {
        let [first, second] = [short(at)? as usize, short(at + 2)? as usize];
        Some(if is_little { second << 16 | first } else { first << 16 | second })
    };

    let directory = long(4)?;
    let count = usize::from(short(directory)?);
    tiff.get(directory..directory + 2 + 12 * count)?;
    let mut earlier = 0;
    for entry in (0..count).map(|index| directory + 2 + 12 * index) {
        let tag = short(entry)?;
        if tag <= earlier {
            return None; // out of order, or twice
        }
        earlier = tag;
        if tag == ORIENTATION {
            let value = short(entry + 8)?;
            let is_usual = short(entry + 2)? == 3 && long(entry + 4)? == 1 && (1..=8).contains(&value);
            return is_usual.then_some(value as u8);
        }
    }
    // Without one here, libvips takes the orientation of a thumbnail or of any other directory.
    let tag = if is_little { ORIENTATION.to_le_bytes() } else { ORIENTATION.to_be_bytes() };
    (!tiff.windows(2).any(|bytes| bytes == tag)).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with the given segments up to its scan.
    fn file(segments: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8];
        for (code, content) in segments.iter().chain(&[(START_OF_SCAN, &[][..])]) {
            bytes.extend([0xff, *code]);
            bytes.extend((content.len() as u16 + 2).to_be_bytes());
            bytes.extend(*content);
        }
        bytes
    }

    /// EXIF data whose first directory has the given entries: tag, type and value, all of one short.
    fn exif(is_little: bool, entries: &[(u16, u16, u16)]) -> Vec<u8> {
        let short = |value: u16| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let long = |value: u32| if is_little { value.to_le_bytes() } else { value.to_be_bytes() };
        let mut bytes = b"Exif\0\0".to_vec();
        bytes.extend(if is_little { b"II*\0" } else { b"MM\0*" });
        bytes.extend(long(8));
        bytes.extend(short(entries.len() as u16));
        for (tag, kind, value) in entries {
            bytes.extend([short(*tag), short(*kind)].concat());
            bytes.extend(long(1));
            bytes.extend([short(*value), [0; 2]].concat());
        }
        bytes.extend(long(0));
        bytes
    }

    fn oriented(exif: &[u8]) -> Option<u8> {
        orientation(&file(&[(APP1, exif)]))
    }

    #[test]
    fn the_orientation_is_read_in_both_byte_orders() {
        for value in 1..=8 {
            for is_little in [false, true] {
                let entries = [(0x0100, 3, 9), (ORIENTATION, 3, value), (0x8769, 4, 0)];
                assert_eq!(oriented(&exif(is_little, &entries)), Some(value as u8));
            }
        }
        assert_eq!(oriented(&exif(true, &[(0x0100, 3, 9)])), Some(1));
        assert_eq!(orientation(&file(&[(0xe0, b"JFIF\0"), (0xfe, b"a comment")])), Some(1));
    }

    #[test]
    fn orientations_that_decoders_may_read_in_different_ways_are_left() {
        for entries in [
            &[(ORIENTATION, 3, 0)][..],
            &[(ORIENTATION, 3, 9)],
            &[(ORIENTATION, 4, 6)],
            &[(0x8769, 4, 0), (ORIENTATION, 3, 6)],
            &[(0x0100, 3, ORIENTATION)],
        ] {
            assert_eq!(oriented(&exif(true, entries)), None, "{entries:?}");
        }
        let whole = exif(true, &[(ORIENTATION, 3, 6)]);
        assert_eq!(oriented(&whole[..whole.len() - 5]), None);
        assert_eq!(oriented(&[b"Exif\x01", &whole[5..]].concat()), None);
        assert_eq!(orientation(&file(&[(APP1, &whole), (APP1, &whole)])), None);
    }

    #[test]
    fn profiles_several_images_and_arithmetic_coding_are_left() {
        assert_eq!(orientation(&file(&[(APP2, b"ICC_PROFILE\0\x01\x01")])), None);
        assert_eq!(orientation(&file(&[(APP2, b"MPF\0")])), None);
        assert_eq!(orientation(&file(&[(ARITHMETIC, b"\0\x05")])), None);
        assert_eq!(orientation(&file(&[(APP2, b"FPXR\0")])), Some(1));
    }

    #[test]
    fn a_file_that_ends_within_a_segment_is_left() {
        let whole = file(&[(0xe0, b"JFIF\0")]);
        for end in 0..whole.len() {
            assert_eq!(orientation(&whole[..end]), None, "{end}");
        }
        assert_eq!(orientation(b"\xff\xd8\xff\xe0\0\0\xff\xda\0\x02"), None); // shorter than its own length
        assert_eq!(orientation(b"\xff\xd8\x01\xff\xda\0\x02"), None);
    }
}
