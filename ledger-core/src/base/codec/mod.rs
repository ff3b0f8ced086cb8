//! Codec: a subset of CBOR that has one encoding for every value
//! (SPEC §1.3; RFC 8949 §4.2). All signed bytes are written and read here.
//!
//! There are no maps, floats, tags, booleans or indefinite lengths, so no value needs
//! sorting and none has two encodings. `ciborium-ll` reads and
//! writes the item heads; the tests compare every byte with `minicbor`.

mod read;
mod write;

pub use read::Reader;
pub use write::Writer;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rule::Rule;
    use proptest::prelude::*;

    fn one_uint(bytes: &[u8]) -> Result<u64, Rule> {
        let mut reader = Reader::new(bytes);
        let value = reader.uint().map_err(|e| e.rule())?;
        reader.finish().map_err(|e| e.rule())?;
        Ok(value)
    }

    #[test]
    fn only_shortest_integers() {
        assert_eq!(one_uint(&[0x17]), Ok(23));
        assert_eq!(one_uint(&[0x18, 0x18]), Ok(24));
        for longer in [
            &[0x18, 0x17][..],
            &[0x19, 0x00, 0xff],
            &[0x1a, 0x00, 0x00, 0xff, 0xff],
            &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert_eq!(one_uint(longer), Err(Rule::C2), "{longer:02x?}");
        }
    }

    #[test]
    fn only_shortest_lengths() {
        for longer in [&[0x58, 0x01, 0x61][..], &[0x78, 0x01, 0x61], &[0x98, 0x00]] {
            let mut reader = Reader::new(longer);
            let rule = reader.bytes().map(<[u8]>::len).map_err(|e| e.rule());
            assert_eq!(rule, Err(Rule::C2), "{longer:02x?}, whatever was expected");
            assert_eq!(reader.rest(), longer);
        }
    }

    #[test]
    fn integers_fit_signed_64_bits() {
        assert_eq!(one_uint(&[0x1b, 0x7f, 255, 255, 255, 255, 255, 255, 255]), Ok(u64::MAX >> 1));
        assert_eq!(one_uint(&[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0]), Err(Rule::C7));
    }

    #[test]
    fn other_types_are_refused() {
        // Negative, map, tag, false, float, undefined, break, reserved.
        for byte in [0x20, 0xa0, 0xc0, 0xf4, 0xf9, 0xf7, 0xff, 0x1c, 0x40, 0x60, 0x80] {
            assert_eq!(one_uint(&[byte, 0, 0]), Err(Rule::C1), "{byte:02x}");
        }
        assert_eq!(one_uint(&[]), Err(Rule::C6), "an end is a missing element");
        assert_eq!(one_uint(&[0x19, 0x01]), Err(Rule::C6), "cut inside a head");
        assert_eq!(one_uint(&[0x01, 0x01]), Err(Rule::C5));
    }

    #[test]
    fn indefinite_lengths_are_refused() {
        let rule = |bytes: &[u8]| Reader::new(bytes).bytes().map(<[u8]>::len).map_err(|e| e.rule());
        assert_eq!(rule(&[0x5f, 0x41, 0x00, 0xff]), Err(Rule::C3));
        let array = Reader::new(&[0x9f, 0xff]).array(0).map_err(|e| e.rule());
        assert_eq!(array, Err(Rule::C3));
        let text = Reader::new(&[0x7f, 0xff]).text(9).map(str::len).map_err(|e| e.rule());
        assert_eq!(text, Err(Rule::C3));
    }

    #[test]
    fn lengths_beyond_the_input_are_refused_before_any_allocation() {
        let huge = [0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
        assert_eq!(Reader::new(&huge).bytes().map_err(|e| e.rule()), Err(Rule::C6));
        let huge = [0x9b, 0x7f, 255, 255, 255, 255, 255, 255, 255];
        assert_eq!(
            Reader::new(&huge).array_up_to(16, Rule::H3).map_err(|e| e.rule()),
            Err(Rule::H3)
        );
    }

    #[test]
    fn flags_are_zero_or_one() {
        let flag = |byte: u8| Reader::new(&[byte]).flag().map_err(|e| e.rule());
        assert_eq!((flag(0), flag(1), flag(2)), (Ok(false), Ok(true), Err(Rule::Q2)));
        for flag in [false, true] {
            let mut writer = Writer::new();
            writer.flag(flag);
            assert_eq!(Reader::new(writer.as_bytes()).flag().map_err(|e| e.rule()), Ok(flag));
        }
    }

    #[test]
    fn text_is_utf8() {
        assert_eq!(Reader::new(&[0x61, 0xff]).text(9).map_err(|e| e.rule()), Err(Rule::C4));
        assert_eq!(Reader::new(&[0x62, 0xc3, 0xa9]).text(9).map_err(|e| e.rule()), Ok("é"));
        assert_eq!(Reader::new(&[0x62, 0xc3, 0xa9]).text(1).map_err(|e| e.rule()), Err(Rule::P3));
    }

    proptest! {
        #[test]
        fn agrees_with_a_second_library(
            n in 0..=u64::MAX >> 1,
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            text in ".{0,200}",
        ) {
            let mut writer = Writer::new();
            writer.array(4);
            writer.uint(n);
            writer.bytes(&bytes);
            writer.text(&text);
            writer.null();
            let ours = writer.into_bytes();

            let mut theirs = minicbor::Encoder::new(Vec::new());
            theirs.array(4)?.u64(n)?.bytes(&bytes)?.str(&text)?.null()?;
            prop_assert_eq!(&ours, &theirs.into_writer());

            let mut reader = Reader::new(&ours);
            reader.array(4)?;
            prop_assert_eq!(reader.uint()?, n);
            prop_assert_eq!(reader.bytes()?, &bytes[..]);
            prop_assert_eq!(reader.text(usize::MAX)?, &text);
            prop_assert_eq!(reader.optional(|r| r.uint())?, None);
            reader.finish()?;
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut reader = Reader::new(&bytes);
            while reader.uint().is_ok() || reader.bytes().is_ok() || reader.text(99).is_ok()
                || reader.array_up_to(4, Rule::H3).is_ok() {}
        }
    }
}
