//! Why a use case could not do what it was asked to.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::asset::is_account_id;
use crate::diagnostic::Finding;
use crate::event::StopReason;
use crate::find::NotThere;
use crate::find::fields::NoField;
use crate::frameio::token::TokenError;
use crate::frameio::transport::{EndpointError, TransportError};
use crate::plan::consent::WrongNumber;
use crate::plan::part::ChoosesNothing;
use crate::plan::saved::{SavedError, Stale};
use crate::render;
use crate::render::whoami::TokenKind;
use crate::state::Api;

/// Why a use case could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Manifests are wrong for this API.
    #[error("{}", render::findings::tally(.0))]
    Findings(Vec<Finding>),
    /// A file looks like a plan and is none.
    #[error("{}{}: {why}", path.display(), saved_place(why))]
    Saved {
        path: PathBuf,
        /// What is wrong with it.
        why: SavedError,
    },
    /// A saved plan no longer fits.
    #[error("`{}`: {why}", path.display())]
    Stale {
        path: PathBuf,
        /// What no longer fits.
        why: Stale,
    },
    /// The state belongs to another server or account.
    #[error("the state `{}` belongs to {there}, and this run would speak to {here}", path.display())]
    OtherHome {
        path: PathBuf,
        /// Where the state belongs.
        there: String,
        /// Where this run would go.
        here: String,
        /// The version of the API that the state is for, where only that is another.
        api: Option<Api>,
    },
    /// The manifests and the settings name different accounts.
    #[error("{one} names the account `{first}`, and {other} names `{second}`")]
    TwoAccounts {
        /// Who names the first.
        one: String,
        first: String,
        /// Who names the second.
        other: String,
        second: String,
    },
    /// The token is of another account.
    #[error("the token {found}, and {who} asks for `{wanted}`")]
    OtherAccount {
        /// What it belongs to or opens, in words.
        found: String,
        /// Who asks for another.
        who: String,
        wanted: String,
    },
    /// The token opens several accounts, and nobody says which.
    #[error("the token opens several accounts: {0}")]
    SeveralAccounts(String),
    /// The token opens no account.
    #[error("the token opens no account")]
    NoAccount,
    /// The token opens nothing at all.
    #[error("this {} opens nothing", kind.name())]
    OpensNothing {
        /// What sort of token it is.
        kind: TokenKind,
        /// Which version of the API was asked.
        api: Api,
        /// What the server says.
        #[source]
        why: Box<Self>,
    },
    /// A PLACE is not there, or means two.
    #[error("{}", render::find::not_there(place, why))]
    NotThere {
        /// As somebody wrote it.
        place: String,
        why: NotThere,
    },
    /// No custom field has this name, or none says this.
    #[error("{}", render::find::no_field(.0))]
    NoField(NoField),
    /// Nothing is chosen that a plan could speak of.
    #[error("{0}")]
    Only(ChoosesNothing),
    /// V2 has no marks.
    #[error("`[marks]` asks for marks ({0}), and v2 has none")]
    MarksOnlyV4(Arc<str>),
    /// The project in which a probe was to be made is not there.
    #[error("no probe can be made in that project: {0}")]
    NoProbeProject(String),
    /// There is more in it than a probe should come close to.
    #[error("there are more than {0} assets in that project")]
    Crowded(usize),
    /// The journal of a probe cannot be read or written.
    #[error("the journal of the probe cannot be used")]
    ProbeJournal {
        /// What the system said.
        source: io::Error,
    },
    /// Another number was typed than that of what was shown.
    #[error(transparent)]
    WrongNumber(#[from] WrongNumber),
    /// Whose the token is could not be found out.
    #[error("`retire` cannot find out whose token this is: {0}")]
    Who(String),
    /// The server ended it before it began.
    #[error("{}", render::model::stopped::stopped(.0))]
    Stopped(StopReason),
    /// The time of the command was over before it was read what it needs.
    #[error("the time budget is used up: waited for {0}")]
    OutOfTime(String),
    /// The sandbox cannot be served.
    #[error("the sandbox cannot listen on port {port}")]
    Port {
        /// The port that was asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The seed of the sandbox has a token that is none.
    #[error("the sandbox's seed: {0}")]
    SandboxToken(TokenError),
    /// The system has no threads left.
    #[error("cannot start the threads of the run")]
    Threads(#[source] io::Error),
    /// No HTTP client could be made.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The sandbox's own address is refused.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// Says what to do about a token that opens nothing, by its sort.
///
/// Source: docs/frameio-api.md, "Authentication", "Authentication (V4)".
const fn other_token(kind: TokenKind, api: Api) -> &'static str {
    match (kind, api) {
        (TokenKind::DeveloperToken, api) if api.abilities().takes_adobe_tokens => {
            "V4 takes a developer token only with `--legacy-token`, and not for accounts in the Adobe Admin Console: those need a client or an Adobe access token"
        }
        (TokenKind::LegacyToken, _) => {
            "V4 takes developer tokens only for migrated accounts that are not in the Adobe Admin Console; for others give a client (`FRAMEIO_CLIENT_ID`, `FRAMEIO_CLIENT_SECRET`) or an Adobe access token, without `--legacy-token`"
        }
        (TokenKind::AdobeAccessToken, _) => {
            "it may have ended, usually after a day, or lack a scope: it needs `openid`, `AdobeID` and, for people, `email`, `profile`, `offline_access` and `additional_info.roles`; a developer token needs `--legacy-token`"
        }
        (TokenKind::ClientCredentials, _) => {
            "check the client's id and secret; at Adobe its project needs the Frame.io API with the scope `frame.s2s.all`, and its user must be in a Frame.io account"
        }
        (TokenKind::DeveloperToken | TokenKind::Unknown, _) => {
            "make a new developer token; accounts in the Adobe Admin Console take none: give `--api v4` with a client or an Adobe access token"
        }
        (TokenKind::SignIn, _) => {
            "sign in again with `retire login`; the client needs the Frame.io API and the scopes `openid` and `AdobeID`, and you need a Frame.io account"
        }
        (TokenKind::Sandbox, _) => "name an account in the seed of the sandbox",
    }
}

/// Where a saved plan is wrong, as far as there is one place.
fn saved_place(why: &SavedError) -> String {
    match why {
        SavedError::Format { line, column, .. } => format!(":{line}:{column}"),
        SavedError::Layout { line } => format!(":{line}"),
        SavedError::Older(_)
        | SavedError::WrongId { .. }
        | SavedError::Unsorted(_)
        | SavedError::Action { .. }
        | SavedError::Totals => String::new(),
    }
}

/// What to do where an account is named by something that is no id.
const NO_ACCOUNT_ID: &str = "nothing was sent; an account is named by its id, and `retire whoami` shows those that the token opens";

impl Error {
    /// Says of which sort the token is, where it opens nothing.
    pub(crate) fn by_token(self, kind: TokenKind, api: Api) -> Self {
        let is_refusal = matches!(
            self,
            Self::NoAccount
                | Self::Stopped(
                    StopReason::NotAuthenticated { .. }
                        | StopReason::NoToken { .. }
                        | StopReason::NotAuthorised { .. }
                )
        );
        if !is_refusal {
            return self;
        }
        let why = Box::new(self);
        Self::OpensNothing { kind, api, why }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Saved { why, .. } => Some(why.hint()),
            Self::Stale { why, .. } => Some(why.hint()),
            Self::OtherHome { api: Some(api), .. } if api.abilities().ends => Some(
                "go on with `--api v2`, or with `api = \"v2\"` in `retire.toml`; or make it a state of V4 with `retire state migrate --api v4`",
            ),
            Self::OtherHome { api: Some(_), .. } => {
                Some("give `--api v4`: a state of V4 does not become one of v2")
            }
            Self::OtherHome { api: None, .. } => Some(
                "keep one state for each server and account: name another with `--state`, or give `--sandbox` where it is that of the embedded sandbox",
            ),
            Self::SeveralAccounts(_) => Some(
                "nothing was sent; name one with `--account`, `RETIRE_ACCOUNT`, or `account` in `retire.toml` or in the manifest",
            ),
            Self::Who(_) | Self::Stopped(StopReason::NotReachable { .. }) => Some(
                "nothing was sent; check the network, `--endpoint` and, where tokens are fetched, `--ims-endpoint`, then try again",
            ),
            Self::NotThere { why, .. } => Some(match why {
                NotThere::Id(_) => {
                    "check the id, the account and the token; `retire whoami` shows what it opens"
                }
                NotThere::Elsewhere { .. } => {
                    "somebody may have moved it: open it in the web app and paste its address anew"
                }
                NotThere::Missing { .. } => {
                    "a `/` in a name is written `\\/`; globs are `*`, `?` and `**`"
                }
                NotThere::Ambiguous { .. } => "name the one that you mean by its id",
            }),
            Self::NoField(why) => Some(match why {
                NoField::Name { .. } => {
                    "a field has the display name that the web app shows; V4 does not tell fields that belong to a project"
                }
                NoField::Value { .. } => {
                    "an option has the display name that the web app shows; `NAME=` finds where nothing is set"
                }
                NoField::Unread { .. } => {
                    "run it again, or give a token that may read the custom fields of the account"
                }
            }),
            Self::NoProbeProject(_) => {
                Some("check the id, the account and the token; `retire whoami` shows its projects")
            }
            Self::ProbeJournal { .. } => Some(
                "nothing more is sent; see to the folder of the user's data, and run it again: what was made is removed then",
            ),
            Self::Crowded(_) => Some(
                "nothing was sent; name an empty project, or give `--here`: the probe keeps to a folder of its own",
            ),
            Self::WrongNumber(_) => Some("nothing was sent; type the number that is shown"),
            Self::Only(why) => Some(why.hint()),
            Self::MarksOnlyV4(_) => Some(
                "give `--api v4` and a token of V4, or take `[marks]` out: with v2 only holds in a manifest keep an asset",
            ),
            Self::OpensNothing { why, .. } if matches!(**why, Self::NoAccount) => {
                Some("add its user to an account of Frame.io, or use the token of another")
            }
            Self::OpensNothing { kind, api, why: _ } => Some(other_token(*kind, *api)),
            Self::NoAccount => Some("nothing was sent; use the token of another user or client"),
            Self::OtherAccount { wanted, .. } if !is_account_id(wanted) => Some(NO_ACCOUNT_ID),
            Self::TwoAccounts { .. } | Self::OtherAccount { .. } => {
                Some("nothing was sent; use the token and the manifests of one account")
            }
            Self::SandboxToken(_) => Some("it must be one word: the token and nothing else"),
            Self::Port { .. } => Some("give another with `--port`, or `--port 0` for a free one"),
            Self::Stopped(StopReason::WrongAccount { .. }) => {
                Some("nothing was sent; check the account, the token and the endpoint")
            }
            Self::Stopped(StopReason::Ended { .. }) => Some(
                "move the state with `retire state migrate --api v4`, then go on with `--api v4`",
            ),
            Self::Stopped(StopReason::RateLimited { .. }) => {
                Some("nothing was sent; try again after that, or give a longer `--retry-for`")
            }
            Self::Stopped(StopReason::NoAnswer { .. }) => {
                Some("nothing was sent; try again later, or give a longer `--retry-for`")
            }
            Self::OutOfTime(_) | Self::Stopped(StopReason::TimeBudget) => {
                Some("nothing was sent; give more time with `--time-budget`")
            }
            Self::Stopped(StopReason::NotPaid { .. }) => {
                Some("nothing was sent; settle it with Frame.io: it is no matter of the token")
            }
            Self::Stopped(
                StopReason::NotAuthenticated { .. } | StopReason::NotAuthorised { .. },
            ) => Some("nothing was sent; check the token"),
            Self::Stopped(StopReason::NoToken { .. }) => Some(
                "nothing was sent; check the client's id and secret (`FRAMEIO_CLIENT_ID`, `FRAMEIO_CLIENT_SECRET`) and `--ims-endpoint`",
            ),
            Self::Stopped(StopReason::WrongEndpoint { .. }) => Some(
                "nothing was sent; check `--endpoint`, `--api` and, where tokens are fetched, `--ims-endpoint`, and whether a proxy answers in the server's place",
            ),
            Self::Findings(_)
            | Self::Stopped(_)
            | Self::Threads(_)
            | Self::Transport(_)
            | Self::Endpoint(_) => None,
        }
    }
}

/// Why a run stops that cannot read or ask any more.
pub(crate) fn stopped(error: Error) -> StopReason {
    if let Error::Stopped(reason) = error {
        return reason;
    }
    if let Error::OutOfTime(_) = error {
        return StopReason::TimeBudget;
    }
    let detail = error.to_string();
    if let Error::Who(_) = error {
        StopReason::NotReachable { detail }
    } else {
        StopReason::Broken { detail }
    }
}
