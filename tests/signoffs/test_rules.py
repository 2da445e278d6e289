"""The reasons why not, in words."""

from signoffs import rules

TEN = "一、二、三、四、五、六、七、八、九、十"


def test_beyond_ten_names_the_rest_is_counted_as_what_it_is():
    ten = TEN.split("、")
    assert str(rules.may_balance(ten, 0)) == f"尚未核对：{TEN}。"
    assert str(rules.may_balance([*ten, "王"], 0)) == f"尚未核对：{TEN}，另有 1 人。"
    assert str(rules.may_leave_out([*ten, "甲班", "乙班"])).endswith(f"{TEN}，另有 2 个班。")
