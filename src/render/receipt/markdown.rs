//! A receipt as Markdown: all of it, since what is left out of a receipt is not acknowledged.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::render::markdown::inline::code;
use crate::render::markdown::opening;
use crate::render::model::state::figures;
use crate::render::receipt::{Approval, Asked, Receipt, Row, StateOf};
use crate::render::{counted, moment, size, words};
use crate::state::Deleted;

/// Writes a receipt as Markdown.
///
/// # Errors
///
/// Returns what the sink says when it cannot take the text.
pub(crate) fn markdown(receipt: &Receipt<'_>, sink: &mut dyn Write) -> io::Result<()> {
    let mut text = opening("receipt", receipt.state.path);
    // Writing to a string cannot fail.
    writeln!(text, "**{}**\n", title(receipt)).unwrap_or_default();
    if !receipt.state.saved {
        text.push_str(
            "The run could not be written into the state: something may be deleted that is not listed here.\n\n",
        );
    }
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in facts(receipt) {
        writeln!(text, "| {name} | {value} |").unwrap_or_default();
    }
    sink.write_all(text.as_bytes())?;
    let mut names: Vec<&str> = Vec::new();
    for row in &receipt.records {
        if !names.contains(&row.status) {
            names.push(row.status);
        }
    }
    for name in names {
        let rows: Vec<&Row<'_>> = receipt
            .records
            .iter()
            .filter(|row| row.status == name)
            .collect();
        table(name, &rows, sink)?;
    }
    Ok(())
}

/// The one sentence that is read first.
fn title(receipt: &Receipt<'_>) -> String {
    let Some(run) = &receipt.run else {
        return "Receipt: the run recorded nothing.".to_owned();
    };
    let mut recorded = figures(receipt.counts);
    if recorded.is_empty() {
        "nothing".clone_into(&mut recorded);
    }
    let deleted = size::deleted(Deleted {
        bytes: receipt.bytes,
        unmeasured: receipt.unmeasured,
    });
    let deleted = deleted.map_or_else(String::new, |size| format!("; {size} deleted"));
    format!("Receipt of run {}: {recorded}{deleted}.", run.number)
}

/// Whose run it was, each fact with its name; what is not known is left out.
fn facts(receipt: &Receipt<'_>) -> Vec<(&'static str, String)> {
    let Asked {
        actor,
        commit,
        commit_author,
        approver,
        approval,
        ci,
    } = receipt.asked;
    let StateOf {
        path,
        lineage,
        api,
        endpoint,
        account,
        saved: _,
    } = &receipt.state;
    let text = |text: &Option<String>| text.as_deref().map(code);
    let run = receipt.run.as_ref();
    let target = api.zip(*endpoint).map(|(api, endpoint)| {
        let account = account.map_or_else(String::new, |id| format!(", account {}", code(id)));
        format!("API {} at {}{account}", api.name(), code(endpoint))
    });
    let state = match lineage {
        Some(lineage) => format!("{}, lineage {}", code(path), code(&lineage.to_string())),
        None => code(path),
    };
    let rows = [
        (
            "run",
            run.map(|run| format!("{}, started {}", code(&run.id.to_string()), moment(run.at))),
        ),
        ("plan", run.and_then(|run| run.plan).map(code)),
        ("started by", text(actor)),
        ("commit", text(commit)),
        ("commit by", text(commit_author)),
        ("approved by", text(approver)),
        (
            "approval",
            approval.map(|approval| approved(approval).to_owned()),
        ),
        ("CI job", text(ci)),
        ("server", target),
        ("state", Some(state)),
    ];
    let known = rows.into_iter();
    known
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

const fn approved(approval: Approval) -> &'static str {
    match approval {
        Approval::Typed => "the number of files, typed by whoever started it",
        Approval::AutoApprove => "`--auto-approve`",
        Approval::SavedPlan => "a saved plan",
        Approval::Sandbox => "none: the assets are the sandbox's",
    }
}

/// Writes the assets of one status.
fn table(name: &str, rows: &[&Row<'_>], sink: &mut dyn Write) -> io::Result<()> {
    let assets = counted(rows.len(), "asset", "assets");
    writeln!(sink, "\n### {name}: {assets}\n")?;
    writeln!(
        sink,
        "| asset | size | kind | id | listed | why | shown by | at | restorable until |"
    )?;
    writeln!(sink, "|---|--:|---|---|---|---|---|---|---|")?;
    for row in rows {
        writeln!(sink, "{}", line(row))?;
    }
    Ok(())
}

fn line(row: &Row<'_>) -> String {
    let Row {
        id,
        status: _,
        name: _,
        path,
        bytes,
        kind,
        manifest,
        line,
        with,
        reason,
        ticket,
        owner,
        evidence,
        at,
        restorable_until,
        failure,
        message,
        attempts,
    } = row;
    let listed = manifest.map(|path| match line {
        Some(line) => format!("{}:{line}", code(path)),
        None => code(path),
    });
    let with = with.map(|with| format!("with {}", code(&with.to_string())));
    let join = |parts: [Option<String>; 3]| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(" · ")
    };
    let refused = failure.zip(*message).map(|(failure, message)| {
        let words = if message.trim().is_empty() {
            String::new()
        } else {
            format!(": {}", code(message))
        };
        format!("refused ({}){words}", failure.name())
    });
    let cells = [
        path.as_deref().map(code).unwrap_or_default(),
        bytes.map(size::bytes).unwrap_or_default(),
        kind.map_or("", |kind| kind.name()).to_owned(),
        code(&id.to_string()),
        join([listed, with, None]),
        join([reason, ticket, owner].map(|text| text.map(code))),
        join([
            evidence.map(|evidence| evidence.to_string()),
            refused,
            attempts.map(|attempts| format!("tried {}", words::times(attempts))),
        ]),
        moment(*at),
        restorable_until.map(moment).unwrap_or_default(),
    ];
    format!("| {} |", cells.join(" | "))
}
