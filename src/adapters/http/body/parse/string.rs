//! Strings of JSON, with their escapes, into buffers that are wiped and never grown.

use zeroize::Zeroizing;

use super::{Expected, Reader};

impl Reader<'_> {
    /// Escapes never make a text longer, so that the capacity suffices and no copy is left by growing.
    pub(super) fn string(&mut self) -> Result<Zeroizing<String>, Expected> {
        self.at += 1;
        let length = self.raw_length();
        let mut string = Zeroizing::new(String::with_capacity(length));
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.bytes().position(|b| b == b'"' || b == b'\\' || b < 0x20).unwrap_or(rest.len());
            string.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => return Err("control characters in a string are written as escapes"),
                None => return Err("expected the end of the string"),
            }
        }
    }

    /// The bytes up to the closing quote.
    fn raw_length(&self) -> usize {
        let mut escaped = false;
        let rest = &self.text[self.at..];
        rest.bytes()
            .position(|byte| {
                let ends = byte == b'"' && !escaped;
                escaped = byte == b'\\' && !escaped;
                ends
            })
            .unwrap_or(rest.len())
    }

    fn escape(&mut self) -> Result<char, Expected> {
        let Some(letter) = self.text.as_bytes().get(self.at + 1) else { return Err("expected an escape") };
        let character = match letter {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode_escape(),
            _ => return Err("no such escape in JSON"),
        };
        self.at += 2;
        Ok(character)
    }

    fn unicode_escape(&mut self) -> Result<char, Expected> {
        const LONE: Expected = "half of a surrogate pair stands alone";
        let first = self.code_unit()?;
        if !(0xD800..0xE000).contains(&first) {
            return char::from_u32(first).ok_or(LONE);
        }
        if first >= 0xDC00 || !self.text[self.at..].starts_with("\\u") {
            return Err(LONE);
        }
        let second = self.code_unit()?;
        if !(0xDC00..0xE000).contains(&second) {
            return Err(LONE);
        }
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or(LONE)
    }

    /// `\uXXXX`.
    fn code_unit(&mut self) -> Result<u32, Expected> {
        let digits = self.text.as_bytes().get(self.at + 2..self.at + 6).ok_or("expected four hexadecimal digits")?;
        let unit = digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?));
        self.at += 6;
        unit.ok_or("expected four hexadecimal digits")
    }
}
