//! How a secret looks once somebody has encoded it.

use memchr::memmem::Finder;

use crate::frameio::mask::LONG;

/// What Base64 makes of a secret, whatever stands before it and behind it.
pub(super) fn base64_forms(secret: &[u8]) -> Vec<Finder<'static>> {
    const USUAL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const ADDRESS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if secret.len() < LONG {
        return Vec::new();
    }
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for before in 0..3 {
        let bits: Vec<u8> = std::iter::repeat_n(0, before)
            .chain(secret.iter().copied())
            .flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1))
            .collect();
        // A letter that also has bits of what stands around the secret may be any.
        let own = (8 * before).div_ceil(6)..bits.len() / 6;
        for alphabet in [USUAL, ADDRESS] {
            let letters = bits.chunks_exact(6).map(|six| {
                let place = six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit));
                alphabet[place]
            });
            let form: Vec<u8> = letters.skip(own.start).take(own.len()).collect();
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    let finders = forms.iter().map(|form| Finder::new(form).into_owned());
    finders.collect()
}

/// A secret in hexadecimal digits, small and large ones.
pub(super) fn hexadecimal_forms(secret: &[u8]) -> Vec<Finder<'static>> {
    if secret.len() < LONG {
        return Vec::new();
    }
    let digits = |digits: &[u8; 16]| -> Vec<u8> {
        let bytes = secret.iter();
        let pairs = bytes.flat_map(|byte| [byte >> 4, byte & 0xf]);
        pairs.map(|digit| digits[usize::from(digit)]).collect()
    };
    let forms = [digits(b"0123456789abcdef"), digits(b"0123456789ABCDEF")];
    let forms = forms.iter();
    forms.map(|form| Finder::new(form).into_owned()).collect()
}
