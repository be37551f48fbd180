//! Numbers with their words.

/// Shows a number with a comma between each three digits.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Shows a count with a comma between each three digits.
#[must_use]
pub fn count(number: usize) -> String {
    // No machine counts further than 64 bits.
    thousands(u64::try_from(number).unwrap_or(u64::MAX))
}

/// Shows a count with its noun: `1 asset`, `1,234 assets`.
#[must_use]
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number), either(number, one, many))
}

/// Chooses the word for one thing or for any other number of them: `it`, `them`.
#[must_use]
pub const fn either<'word>(number: usize, one: &'word str, many: &'word str) -> &'word str {
    if number == 1 { one } else { many }
}
