//! The ids that are no UUIDs: the process keeps each text once, and an id has its number.
//!
//! A number is read without a lock, since ids are compared and printed far more often than
//! read: what is on a shelf never moves, and each shelf has twice the room of the one before.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

/// How an id begins that is no UUID.
pub(super) const PREFIX: &str = "adobe:";

/// The longest id that is taken, in bytes; those that are known have about 60.
pub(super) const LONGEST: usize = 255;

/// How many texts the first shelf has room for.
const FIRST: u64 = 1 << 10;

/// How many shelves there are: enough for every number.
const SHELVES: usize = 23;

type Shelf = Box<[OnceLock<&'static str>]>;

static TEXTS: [OnceLock<Shelf>; SHELVES] = [const { OnceLock::new() }; SHELVES];

static NUMBERS: LazyLock<Mutex<HashMap<&'static str, u32>>> = LazyLock::new(Mutex::default);

/// The number of a text, the same for the same text; nothing once all numbers are used up.
pub(super) fn number(text: &str) -> Option<u32> {
    let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(number) = numbers.get(text) {
        return Some(*number);
    }
    let number = u32::try_from(numbers.len()).ok()?;
    let text: &'static str = Box::leak(text.into());
    let (shelf, place) = place(number)?;
    let room = usize::try_from(FIRST << shelf).ok()?;
    let texts = TEXTS.get(shelf)?.get_or_init(|| empty(room));
    texts.get(place)?.set(text).ok()?;
    numbers.insert(text, number);
    Some(number)
}

/// The text of a number; nothing where no text has it.
pub(super) fn text(number: u32) -> Option<&'static str> {
    let (shelf, place) = place(number)?;
    TEXTS.get(shelf)?.get()?.get(place)?.get().copied()
}

fn empty(room: usize) -> Shelf {
    std::iter::repeat_with(OnceLock::new).take(room).collect()
}

/// On which shelf a number's text stands, and where on it.
fn place(number: u32) -> Option<(usize, usize)> {
    let place = u64::from(number) + FIRST;
    let shelf = place.ilog2() - FIRST.ilog2();
    let offset = place - (FIRST << shelf);
    Some((shelf.try_into().ok()?, offset.try_into().ok()?))
}

/// The first character that such an id cannot have, and its place from 1: it may have those of
/// a URN, which RFC 8141 names, and the bar before a version.
pub(super) fn wrong_character(text: &str) -> Option<(char, usize)> {
    let may_stand =
        |letter: char| letter.is_ascii_alphanumeric() || "-._~:@!$&'()*+,;=/%|".contains(letter);
    let mut letters = text.chars().zip(1..);
    letters.find(|(letter, _)| !may_stand(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_place_of_its_own() {
        assert_eq!(place(0), Some((0, 0)));
        assert_eq!(place(1023), Some((0, 1023)));
        assert_eq!(place(1024), Some((1, 0)));
        assert_eq!(place(3071), Some((1, 2047)));
        assert_eq!(place(3072), Some((2, 0)));
        let (shelf, offset) = place(u32::MAX).unwrap();
        assert!(shelf < SHELVES && offset < 1024 << shelf);
    }

    #[test]
    fn a_text_has_one_number_on_all_threads() {
        let texts: Vec<String> = (0..3000).map(|n| format!("adobe:shelf-{n}")).collect();
        let numbers = || -> Vec<u32> { texts.iter().map(|text| number(text).unwrap()).collect() };
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(numbers);
            let other = scope.spawn(numbers);
            (one.join().unwrap(), other.join().unwrap())
        });
        assert_eq!(one, other);
        for (number, said) in one.iter().zip(&texts) {
            assert_eq!(text(*number), Some(said.as_str()));
        }
    }
}
