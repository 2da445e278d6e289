"""A digest that is made in bulk is the digest that is made of one."""

from rosters import key_fields, reading
from rosters.digests import RecordDigests

from . import files


def test_the_text_is_the_one_of_key_fields():
    rows = [
        files.row(1),
        files.row(2, 性别="", 民族="汉", 学制="2.5"),
        files.row(3, 姓名="阿依古丽•买买提", 出生日期="", 身份证号=""),
        files.row(4),
    ]
    digests = RecordDigests()
    found = reading.read(files.roster(*rows), "x").rows

    assert [digests.text(row) for row in found] == [key_fields.normalised_record(row) for row in found]
    assert len(found) == 4
