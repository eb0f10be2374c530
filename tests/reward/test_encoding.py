import pytest
from transformers import AutoTokenizer

from workers.reward.collate import collate, pad_rows, runs
from workers.reward.data import Group
from workers.reward.encoding import Row, RowEncoder, render

PAD, UNK, CLS, SEP, END = range(5)
TEMPLATE = "{% for m in messages %}< {{ m['role'] }} > {{ m['content'] }} {% endfor %}< assistant >"


def turn(content, role="user"):
    return {"role": role, "content": content}


@pytest.fixture
def bert(tiny_bert):
    return AutoTokenizer.from_pretrained(tiny_bert)


@pytest.fixture
def llama(tiny_llama):
    return AutoTokenizer.from_pretrained(tiny_llama)


def words(tokenizer, row):
    return " ".join(tokenizer.convert_ids_to_tokens(row.ids))


def test_pair_is_what_the_tokenizer_itself_makes_of_it(bert):
    (row,) = RowEncoder(bert, 16, 16).rows([turn("w1 w2")], ["w3"])
    own = bert("w1 w2", "w3")
    assert row == Row(own.input_ids, own.token_type_ids)
    assert row.ids[0] == CLS
    assert row.ids[-1] == SEP


def test_turns_are_named_when_there_are_several():
    assert render([turn("a"), turn("b", "assistant")]) == "user: a\n\nassistant: b"
    assert render([turn("a")]) == "a"


def test_long_answer_keeps_its_beginning(bert):
    (row,) = RowEncoder(bert, 16, 3).rows([turn("w1")], ["w2 w3 w4 w5 w6"])
    assert words(bert, row) == "[CLS] w1 [SEP] w2 w3 w4 [SEP]"


def test_long_prompt_loses_whole_turns_and_an_answer_goes_with_its_question(bert):
    talk = [turn("w1 w2"), turn("w3 w4", "assistant"), turn("w5 w6")]
    (row,) = RowEncoder(bert, 8, 16).rows(talk, ["w7"])
    assert words(bert, row) == "[CLS] w5 w6 [SEP] w7 [SEP]"


def test_system_message_stays(bert):
    talk = [turn("w0", "system"), turn("w1 w2 w3 w4"), turn("w3 w4", "assistant"), turn("w5 w6")]
    (row,) = RowEncoder(bert, 9, 16).rows(talk, ["w7"])
    assert words(bert, row) == "[CLS] [UNK] : w0 user : w5 w6 [SEP] w7 [SEP]"


def test_long_turn_loses_paragraphs_from_its_beginning(bert):
    (row,) = RowEncoder(bert, 4, 16).rows([turn("w1 w2 w3\n\nw4\n\nw5 w6")], ["w7"])
    assert words(bert, row) == "[CLS] w4 w5 w6 [SEP] w7 [SEP]"


def test_long_paragraph_is_cut_between_tokens(bert):
    (row,) = RowEncoder(bert, 2, 16).rows([turn("w1 w2 w3 w4")], ["w7"])
    assert words(bert, row) == "[CLS] w3 w4 [SEP] w7 [SEP]"


def test_causal_row_ends_with_the_end_token_also_when_cut(llama):
    whole, cut = RowEncoder(llama, 16, 2).rows([turn("w1")], ["w2", "w3 w4 w5"])
    assert words(llama, whole) == "w1 assistant : w2 </s>"
    assert words(llama, cut) == "w1 assistant : w3 w4 </s>"


def test_chat_template_is_used_where_there_is_one(llama):
    llama.chat_template = TEMPLATE
    (row,) = RowEncoder(llama, 16, 16).rows([turn("w1")], ["w2"])
    assert words(llama, row) == "< user > w1 < assistant > w2 </s>"


def test_template_that_refuses_the_turns_gives_way_to_plain_text(llama):
    llama.chat_template = "{{ raise_exception('only users') }}"
    (row,) = RowEncoder(llama, 16, 16).rows([turn("w1")], ["w2"])
    assert words(llama, row) == "w1 assistant : w2 </s>"


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "\u202e" * 5, "x" * 200_000, "<script>alert(1)</script>"])
def test_hostile_text_is_only_text(bert, text):
    prompt, response = RowEncoder(bert, 8, 8).rows([turn(text)], [text, "w1"])
    assert len(prompt.ids) <= 8 + 8 + 3
    assert response.ids[-2:] == [bert.convert_tokens_to_ids("w1"), SEP]


def test_no_messages_is_an_empty_prompt(bert):
    (row,) = RowEncoder(bert, 8, 8).rows([], ["w1"])
    assert words(bert, row) == "[CLS] [SEP] w1 [SEP]"


def test_rows_are_padded_on_the_right():
    inputs = pad_rows([Row([2, 9, 3], [0, 0, 1]), Row([2, 3], [0, 1])], PAD, segments=True)
    assert inputs["input_ids"].tolist() == [[2, 9, 3], [2, 3, PAD]]
    assert inputs["attention_mask"].tolist() == [[1, 1, 1], [1, 1, 0]]
    assert inputs["token_type_ids"].tolist() == [[0, 0, 1], [0, 1, 0]]


def test_pairs_point_at_their_groups_rows():
    def group(first, second, answers):
        ones = [1.0] * len(first)
        names = [str(n) for n in range(answers)]
        return Group("g", "p", "f", "train", [], names, names, first, second, ones, ones)

    groups = [group([0], [1], 2), group([], [], 1), group([2, 0], [1, 2], 3)]
    rows = [[Row([n], [0])] * n for n in (2, 1, 3)]
    batch = collate(groups, rows, PAD, segments=False)
    assert batch.inputs["input_ids"].tolist() == [[2], [2], [1], [3], [3], [3]]
    assert batch.first.tolist() == [0, 5, 3]
    assert batch.second.tolist() == [1, 4, 5]
    assert batch.group.tolist() == [0, 2, 2]
    assert batch.groups == 3
    assert "token_type_ids" not in batch.inputs


def test_runs_hold_the_budget_and_everything_once():
    assert list(runs([9, 2, 4, 2], [1, 1, 1, 1], 6)) == [[1, 3], [2], [0]]
    assert list(runs([], [], 6)) == []
