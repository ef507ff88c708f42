"""What people type without seeing it."""

UNSEEN = "\u200b\u2060\ufeff\u3164\uffa0\u115f\u1160\u2800\u00ad\U000e0020\u034f\u2065\u180e\u00a0\u3000\u2028\t\n "
