//! zstd frames that end where we want them to.

use errors::{Error, Kind, Result};
use std::io::Write;
use zstd::zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd::zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, get_error_name};

/// Compresses into frames, each with a checksum of its content.
pub(super) struct Frames<W: Write> {
    context: CCtx<'static>,
    out: W,
    buffer: Vec<u8>,
    plain_in_frame: u64,
}

impl<W: Write> Frames<W> {
    pub(super) fn new(out: W, level: i32) -> Result<Self> {
        let mut context = CCtx::create();
        context.set_parameter(CParameter::CompressionLevel(level)).map_err(failed)?;
        context.set_parameter(CParameter::ChecksumFlag(true)).map_err(failed)?;
        let buffer = Vec::with_capacity(CCtx::out_size());
        Ok(Self { context, out, buffer, plain_in_frame: 0 })
    }

    /// Plain bytes since the frame began; 0 between two frames.
    pub(super) fn plain_in_frame(&self) -> u64 {
        self.plain_in_frame
    }

    pub(super) fn out(&self) -> &W {
        &self.out
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            self.step(&mut input, ZSTD_EndDirective::ZSTD_e_continue)?;
        }
        self.plain_in_frame += bytes.len() as u64;
        Ok(())
    }

    /// Ends the frame, if one is open: everything so far is in the output.
    pub(super) fn end_frame(&mut self) -> Result<()> {
        if self.plain_in_frame == 0 {
            return Ok(());
        }
        let mut nothing = InBuffer::around(&[]);
        while self.step(&mut nothing, ZSTD_EndDirective::ZSTD_e_end)? > 0 {}
        self.plain_in_frame = 0;
        Ok(())
    }

    pub(super) fn into_out(mut self) -> Result<W> {
        self.end_frame()?;
        Ok(self.out)
    }

    /// One call of the compressor; answers how much it still holds back.
    fn step(&mut self, input: &mut InBuffer<'_>, directive: ZSTD_EndDirective) -> Result<usize> {
        self.buffer.clear();
        let mut output = OutBuffer::around(&mut self.buffer);
        let left = self.context.compress_stream2(&mut output, input, directive).map_err(failed)?;
        self.out.write_all(&self.buffer).map_err(|error| Error::io("write volume", error))?;
        Ok(left)
    }
}

fn failed(code: usize) -> Error {
    Error::new(Kind::Bug, format!("zstd: {}", get_error_name(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_where_they_are_told_to_and_decode_alone() {
        let mut frames = Frames::new(Vec::new(), 3).unwrap();
        let first: Vec<u8> =
            (0..300_000_u32).flat_map(|n| n.wrapping_mul(77).to_le_bytes()).collect();
        frames.write(&first).unwrap();
        assert_eq!(frames.plain_in_frame(), 1_200_000);
        frames.end_frame().unwrap();
        frames.end_frame().unwrap();
        let second_at = frames.out().len();
        frames.write(b"second").unwrap();
        let stored = frames.into_out().unwrap();
        assert_eq!(zstd::decode_all(&stored[..second_at]).unwrap(), first);
        assert_eq!(zstd::decode_all(&stored[second_at..]).unwrap(), b"second");
    }
}
