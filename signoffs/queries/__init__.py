"""Reading only: where a class, a department and a campaign stand, in values that pages and files show."""
