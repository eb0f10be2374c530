"""The demo: projects on prompts that we wrote, with people to sign in as. See content/ for its texts."""

PASSWORD = "rank-the-answers"  # on this machine's loopback only: `up` refuses --demo on any other address

SIGN_INS = (
    ("alice", "annotator", "ranks answers in the English project, chats"),
    ("bo", "annotator", "ranks answers in both projects"),
    ("mia", "manager", 'runs all of it; "Example round (simulated)" has a week of figures to look at'),
    ("eli", "ML engineer", "makes tokens and snapshots, reads datasets"),
)


def sign_ins() -> str:
    """What `up --demo` prints when it is ready."""
    lines = [f"  {name:<6} {PASSWORD}   {role}: {does}" for name, role, does in SIGN_INS]
    return "\n".join(["Sign in as (name, password):", *lines])
