//! Frames go out and come back the same; bytes that are no frames are refused and break nothing.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// Reads what was written, all of it.
fn read(mut wire: &[u8], unfolder: &mut Unfolder) -> Result<Option<Frame>, Malformed> {
    let (head, rest) = wire.split_first_chunk().expect("a frame has a head");
    wire = rest;
    match Head::read(*head)? {
        Head::Data { stream, fin, length } => {
            assert_eq!(wire.len(), length as usize);
            let bytes = Bytes::copy_from_slice(wire);
            Ok(Some(Frame::Data { stream, fin, bytes }))
        }
        Head::Control { kind, flags, length } => {
            assert_eq!(wire.len(), length as usize);
            Frame::read(kind, flags, wire, unfolder)
        }
    }
}

fn stream() -> impl Strategy<Value = u32> {
    1..=BITS_31
}

fn headers() -> impl Strategy<Value = Headers> {
    prop::collection::btree_map("[a-z]{1,9}", ".{0,40}", 0..5).prop_map(|map| map.into_iter().collect())
}

fn reset() -> impl Strategy<Value = Reset> {
    any::<u32>().prop_map(Reset::from_number)
}

fn frame() -> impl Strategy<Value = Frame> {
    let fin = any::<bool>;
    prop_oneof![
        (stream(), fin(), headers()).prop_map(|(stream, fin, headers)| Frame::SynStream { stream, fin, headers }),
        (stream(), fin(), headers()).prop_map(|(stream, fin, headers)| Frame::SynReply { stream, fin, headers }),
        (stream(), fin(), headers()).prop_map(|(stream, fin, headers)| Frame::Headers { stream, fin, headers }),
        (stream(), reset()).prop_map(|(stream, reset)| Frame::RstStream { stream, reset }),
        prop::collection::vec((0..1u32 << 24, any::<u32>()), 0..9).prop_map(Frame::Settings),
        any::<u32>().prop_map(Frame::Ping),
        (0..=BITS_31, prop_oneof![Just(Away::Done), Just(Away::ProtocolError)])
            .prop_map(|(last, away)| Frame::GoAway { last, away }),
        (0..=BITS_31, 0..=BITS_31).prop_map(|(stream, bytes)| Frame::WindowUpdate { stream, bytes }),
        (stream(), fin(), prop::collection::vec(any::<u8>(), 0..99)).prop_map(|(stream, fin, bytes)| Frame::Data {
            stream,
            fin,
            bytes: bytes.into()
        }),
    ]
}

proptest! {
    #[test]
    fn frames_come_back_as_they_were(frames in prop::collection::vec(frame(), 1..20)) {
        let mut folder = Folder::new().unwrap();
        let mut unfolder = Unfolder::new();
        for frame in frames {
            let mut wire = Vec::new();
            frame.write(&mut folder, &mut wire).unwrap();
            prop_assert_eq!(read(&wire, &mut unfolder), Ok(Some(frame)));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(head in any::<[u8; 8]>(), kind in 0..12u16, flags in any::<u8>(), payload in prop::collection::vec(any::<u8>(), 0..99)) {
        let _ = Head::read(head);
        let _ = Frame::read(kind, flags, &payload, &mut Unfolder::new());
    }

    #[test]
    fn a_frame_that_is_cut_short_or_too_long_is_refused(frame in frame(), more in any::<bool>()) {
        prop_assume!(!matches!(frame, Frame::Data { .. }));
        let mut wire = Vec::new();
        frame.write(&mut Folder::new().unwrap(), &mut wire).unwrap();
        let Ok(Head::Control { kind, flags, .. }) = Head::read(*wire.first_chunk().unwrap()) else {
            panic!("{wire:?}");
        };
        // a folded block ends in a mark that zlib does not miss
        prop_assume!(more || !matches!(kind, SYN_STREAM | SYN_REPLY | HEADERS));
        if more { wire.push(7) } else { wire.pop(); }
        prop_assert!(Frame::read(kind, flags, &wire[8..], &mut Unfolder::new()).is_err());
    }
}

#[test]
fn frames_look_as_the_draft_draws_them() {
    let mut folder = Folder::new().unwrap();
    let mut written = |frame: Frame| {
        let mut wire = Vec::new();
        frame.write(&mut folder, &mut wire).unwrap();
        wire
    };
    assert_eq!(written(Frame::Ping(1)), [0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1]);
    let reset = Reset::Cancel;
    assert_eq!(written(Frame::RstStream { stream: 5, reset }), [0x80, 3, 0, 3, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0, 5]);
    let bytes = Bytes::from_static(b"hi");
    assert_eq!(written(Frame::Data { stream: 3, fin: true, bytes }), [0, 0, 0, 3, 1, 0, 0, 2, b'h', b'i']);
}

#[test]
fn heads_that_make_no_sense_are_refused() {
    for (wrong, why) in [
        ([0, 0, 0, 0, 0, 0, 0, 1], "data of stream 0"),
        (*b"GET / HT", ""),
        ([0x80, 2, 0, 1, 0, 0, 0, 4], "a frame of another version"),
        ([0x80, 3, 0, 1, 0, 1, 0, 0], "a control frame is too large"),
    ] {
        match Head::read(wrong) {
            Err(Malformed(said)) => assert_eq!(said, why),
            // plain HTTP reads as data of a stream that nobody opened
            Ok(head) => assert!(why.is_empty() && matches!(head, Head::Data { .. })),
        }
    }
    let unknown = Frame::read(10, 0, b"credential", &mut Unfolder::new());
    assert_eq!(unknown, Ok(None));
}
