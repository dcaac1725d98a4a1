"""How certificates are examined: plans of exams, who takes part, results, coverage by sites.

What plans rest on – schemes, sites, activities, fees – is handed in (`certgraph.duties`).
"""
